import { UpstreamFailure, type UpstreamFailureCode } from '#core';
import type { HttpAnswer } from '../http-exchange.js';
import type { HttpOrigin } from '../http-origin.js';
import type { IssuedToken } from './token-provider.js';

export interface IamOptions {
  readonly username: string;
  readonly password: string;
  /** Name of the account that the user belongs to. */
  readonly domain: string;
  /** Name of the project to scope the token to; empty: the token is for the whole domain. */
  readonly project: string;
  /** The value of the header `User-Agent`. */
  readonly userAgent: string;
}

const TOKEN = /^[\x21-\x7e]{1,5000}$/;

/** Lifetime that is assumed for a token without a readable end, ms. Documented are 24 hours. */
const UNKNOWN_LIFETIME_MS = 3_600_000;

/** `POST /v3/auth/tokens`: logs in with name and password, and gets a token. */
export class IamClient {
  private readonly body: string;

  constructor(
    private readonly origin: HttpOrigin,
    private readonly options: IamOptions,
  ) {
    this.body = JSON.stringify(loginBody(options));
  }

  /** @throws {UpstreamFailure} `unauthorized` if the credentials were refused, else for example `unavailable` */
  async login(): Promise<IssuedToken> {
    const answer = await this.origin.send({
      method: 'POST',
      path: `${this.origin.basePath}/v3/auth/tokens`,
      headers: {
        'content-type': 'application/json;charset=utf8',
        accept: 'application/json',
        'user-agent': this.options.userAgent,
      },
      body: this.body,
    });
    if (answer.status !== 201) {
      throw new UpstreamFailure(failureCode(answer), `IAM answered ${answer.status}`);
    }
    const token = answer.headers['x-subject-token'];
    if (typeof token !== 'string' || !TOKEN.test(token)) {
      throw new UpstreamFailure('malformed', 'IAM answered without a usable X-Subject-Token');
    }
    return { token, lifetimeMs: lifetimeOf(answer) };
  }
}

function loginBody({ username, password, domain, project }: IamOptions): object {
  const user = { name: username, password, domain: { name: domain } };
  const scope = project === '' ? { domain: { name: domain } } : { project: { name: project } };
  return { auth: { identity: { methods: ['password'], password: { user } }, scope } };
}

/**
 * Only 401 and IAM's own errors (JSON with `error` or `error_code`) say that the credentials were refused. A firewall may
 * answer any other status to any request.
 */
function failureCode({ status, body }: HttpAnswer): UpstreamFailureCode {
  const mayRefuse = status >= 400 && status < 500 && status !== 429 && status !== 408;
  return mayRefuse && (status === 401 || namesError(body)) ? 'unauthorized' : 'unavailable';
}

function namesError(body: Buffer): boolean {
  try {
    const { error, error_code } = JSON.parse(body.toString('utf8')) as Record<string, unknown>;
    return (typeof error === 'object' && error !== null) || typeof error_code === 'string';
  } catch {
    return false;
  }
}

/** The lifetime of a token, from `issued_at` to `expires_at`. The local clock may be wrong, so it is not used. */
function lifetimeOf(answer: HttpAnswer): number {
  try {
    const { token } = JSON.parse(answer.body.toString('utf8')) as { token: Record<string, unknown> };
    const issuedAt = timeOf(token['issued_at']) ?? timeOf(answer.headers['date']) ?? Date.now();
    const lifetimeMs = (timeOf(token['expires_at']) ?? NaN) - issuedAt;
    return lifetimeMs > 0 ? lifetimeMs : UNKNOWN_LIFETIME_MS;
  } catch {
    return UNKNOWN_LIFETIME_MS;
  }
}

function timeOf(value: unknown): number | null {
  const time = typeof value === 'string' ? Date.parse(value) : NaN;
  return Number.isNaN(time) ? null : time;
}
