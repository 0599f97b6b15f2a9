import { tokenFor, type TokenOptions } from '../harness/clients/tokens.js';
import { SimulatorControl } from '../harness/upstream/simulator-control.js';

/**
 * What a check needs besides a gateway, its simulated upstream and a token for every ticket. `tokens`: tokens of its own,
 * with fewer rights or a near end. `groups`: a token that allows every group.
 */
export type Need = 'tokens' | 'groups';

/** Settings of the deployment that checks have to know. */
export interface TargetLimits {
  /** `HISTORY_MAX_EVENTS` */
  readonly historyMaxEvents: number;
  /** `MAX_CASES_PER_SUBSCRIPTION` */
  readonly maxCases: number;
  /** `SSE_HEARTBEAT_MS` */
  readonly heartbeatMs: number;
}

/** The defaults of these settings. */
export const DEFAULT_LIMITS: TargetLimits = { historyMaxEvents: 1000, maxCases: 500, heartbeatMs: 15_000 };

export interface TargetOptions {
  /** Base URL of the gateway, without a slash at the end. */
  readonly gatewayUrl: string;
  /** Base URL of the simulator that the gateway's workers poll. */
  readonly controlUrl: string;
  /** A token that allows every ticket. */
  readonly token?: string;
  /** The gateway's `AUTH_JWT_SECRET`, to make tokens with. */
  readonly secret?: string;
  /** Further claims of tokens that are made, such as `iss` and `aud`. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly limits?: TargetLimits;
}

/** A running deployment that is checked against PROTOCOL.md. */
export class Target {
  readonly gatewayUrl: string;
  readonly upstream: SimulatorControl;
  readonly limits: TargetLimits;

  /** @throws Error where neither a token nor a secret is given, or the token does not allow every ticket */
  constructor(private readonly options: TargetOptions) {
    this.gatewayUrl = options.gatewayUrl.replace(/\/+$/, '');
    this.upstream = new SimulatorControl(options.controlUrl.replace(/\/+$/, ''));
    this.limits = options.limits ?? DEFAULT_LIMITS;
    if (options.secret === undefined && !allowsAll(this.claimsOfToken['cases'])) {
      throw new Error('give a secret, or a token whose claim "cases" is ["*"]');
    }
  }

  /** Why checks that need this cannot run; null if they can. */
  lacks(need: Need): string | null {
    if (this.options.secret !== undefined) return null;
    if (need === 'tokens') return 'needs tokens of its own: give --secret';
    return allowsAll(this.claimsOfToken['groups']) ? null : 'needs a token whose claim "groups" is ["*"]';
  }

  /**
   * The given token, or a new one.
   *
   * @param claims of a token that has to be made
   * @throws Error where claims are asked for and there is no secret
   */
  async token(claims: TokenOptions = {}): Promise<string> {
    const { secret, token } = this.options;
    if (secret !== undefined) return tokenFor({ secret, ...this.options.claims, ...claims });
    if (token === undefined || Object.keys(claims).length > 0) throw new Error('this check needs tokens of its own');
    return token;
  }

  private get claimsOfToken(): Record<string, unknown> {
    const [, body = ''] = this.options.token?.split('.') ?? [];
    try {
      return JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>;
    } catch {
      return {};
    }
  }
}

const allowsAll = (claim: unknown): boolean => Array.isArray(claim) && claim.includes('*');
