import type { Clock, CredentialAttempts, CredentialKind } from '#core';
import type { Authenticator } from './identity/authenticator.js';
import { HttpOrigin, type ProxySettings } from './http-origin.js';
import { credentialsDigest } from './identity/credentials-digest.js';
import { GuardedAttempts, type OnCredentials } from './identity/guarded-attempts.js';
import { IamClient } from './identity/iam.client.js';
import { OsmClient } from './osm.client.js';
import { RequestSigner, type AccessKey } from './identity/request-signer.js';
import { RenewedToken, StaticToken } from './identity/token-provider.js';

/** The settings of this adapter, named as in the environment. */
export interface OsmSettings extends ProxySettings {
  readonly upstreamBaseUrl: string;
  readonly upstreamAuth: 'token' | 'iam' | 'aksk';
  readonly upstreamToken: string;
  readonly iamBaseUrl: string;
  readonly iamUsername: string;
  readonly iamPassword: string;
  readonly iamDomain: string;
  readonly iamProject: string;
  readonly upstreamAccessKey: string;
  readonly upstreamSecretKey: string;
  readonly upstreamSecurityToken: string;
  readonly upstreamDomainId: string;
  readonly upstreamProjectId: string;
  readonly upstreamTimeZone: string;
  readonly upstreamSite: '' | '0' | '1';
  readonly upstreamTrimRichText: '' | 'true' | 'false';
  readonly upstreamTimeoutMs: number;
  readonly upstreamMaxBodyBytes: number;
  /** Most polls in flight at once, which is also the number of connections. */
  readonly workerConcurrency: number;
}

/** What the adapter needs besides its settings. */
export interface OsmParts {
  readonly clock: Clock;
  /** Name and version of this program, for the header `User-Agent`. */
  readonly userAgent: string;
  /** What all workers know of refused credentials. */
  readonly attempts: (kind: CredentialKind) => CredentialAttempts;
  readonly onCredentials: OnCredentials;
  /** Called when a poll's request leaves. */
  readonly onSent?: () => void;
  /** `traceparent` of the poll that runs; null: none. */
  readonly traceparent?: () => string | null;
}

/** Makes the client of the upstream from the settings. */
export function createOsmClient(settings: OsmSettings, parts: OsmParts): OsmClient {
  const { clock, userAgent } = parts;
  const options = {
    proxies: settings,
    baseUrl: settings.upstreamBaseUrl,
    userAgent,
    ...(parts.onSent && { onSent: parts.onSent }),
    ...(parts.traceparent && { traceparent: parts.traceparent }),
    timeZone: settings.upstreamTimeZone,
    site: settings.upstreamSite,
    trimRichText: settings.upstreamTrimRichText,
    timeoutMs: settings.upstreamTimeoutMs,
    maxBodyBytes: settings.upstreamMaxBodyBytes,
    connections: settings.workerConcurrency,
  };
  return new OsmClient(options, authenticatorFor(settings, parts), clock);
}

function authenticatorFor(settings: OsmSettings, parts: OsmParts): Authenticator {
  const { clock, userAgent } = parts;
  switch (settings.upstreamAuth) {
    case 'token':
      return new StaticToken(settings.upstreamToken);
    case 'aksk':
      return new RequestSigner(
        accessKeyOf(settings),
        clock,
        guarded(settings, parts, {
          kind: 'signature',
          settings: 'UPSTREAM_ACCESS_KEY, UPSTREAM_SECRET_KEY and UPSTREAM_SECURITY_TOKEN',
          secret: [settings.upstreamSecretKey, settings.upstreamSecurityToken],
          owner: [settings.upstreamBaseUrl, settings.upstreamAccessKey],
        }),
      );
    case 'iam': {
      const limits = {
        timeoutMs: settings.upstreamTimeoutMs,
        maxBodyBytes: settings.upstreamMaxBodyBytes,
        connections: 1,
      };
      const iam = new IamClient(new HttpOrigin(settings.iamBaseUrl, limits, settings), {
        username: settings.iamUsername,
        password: settings.iamPassword,
        domain: settings.iamDomain,
        project: settings.iamProject,
        userAgent,
      });
      const guard = guarded(settings, parts, {
        kind: 'login',
        settings: 'IAM_USERNAME, IAM_PASSWORD, IAM_DOMAIN and IAM_PROJECT',
        secret: [settings.iamPassword],
        owner: [settings.iamBaseUrl, settings.iamDomain, settings.iamUsername, settings.iamProject],
      });
      return new RenewedToken(() => guard.run(() => iam.login()), clock, Math.random);
    }
  }
}

/** Time after its timeout within which the outcome of an attempt is recorded, ms. */
const ATTEMPT_SLACK_MS = 5000;

interface Credentials {
  readonly kind: CredentialKind;
  /** Names of the settings, for the log line. */
  readonly settings: string;
  readonly secret: readonly string[];
  /** Who has the secret, and at which server. */
  readonly owner: readonly string[];
}

function guarded(
  { upstreamTimeoutMs }: OsmSettings,
  { attempts, clock, onCredentials }: OsmParts,
  { kind, settings, secret, owner }: Credentials,
): GuardedAttempts {
  return new GuardedAttempts({
    attempts: attempts(kind),
    credentials: () => credentialsDigest(secret, owner),
    clock,
    endsWithinMs: upstreamTimeoutMs + ATTEMPT_SLACK_MS,
    settings,
    onCredentials,
  });
}

function accessKeyOf(settings: OsmSettings): AccessKey {
  return {
    accessKey: settings.upstreamAccessKey,
    secretKey: settings.upstreamSecretKey,
    securityToken: settings.upstreamSecurityToken,
    domainId: settings.upstreamDomainId,
    projectId: settings.upstreamProjectId,
  };
}
