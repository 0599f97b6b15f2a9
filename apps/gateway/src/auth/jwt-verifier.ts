import { createSecretKey } from 'node:crypto';
import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { Refusal } from '#protocol';
import { Rights } from './rights.js';
import { TokenVerifier } from './token-verifier.js';

export interface JwtSettings {
  /** HS256 secret; empty where keys are used. */
  readonly authJwtSecret: string;
  /** Where RS256, ES256 or EdDSA keys are published; empty where a secret is used. */
  readonly authJwksUrl: string;
  /** Checked against `iss` unless empty. */
  readonly authJwtIssuer: string;
  /** Checked against `aud` unless empty. */
  readonly authJwtAudience: string;
  /** How far `nbf` may be ahead, seconds. */
  readonly authClockToleranceS: number;
}

/** Longest token that is looked at, characters. */
const TOKEN_MAX_LENGTH = 16_384;
/** How long to wait for published keys, ms. */
const KEYS_TIMEOUT_MS = 4000;
/** When a client may come back after the keys could not be had, ms. */
const KEYS_RETRY_MS = 2000;

/** What jose says of keys that could not be had; everything else it says is about the token. */
const KEYS_TROUBLE = new Set([errors.JOSEError.code, errors.JWKSTimeout.code, errors.JWKSInvalid.code]);

/**
 * `AUTH_MODE=jwt`. The accepted algorithms follow from the kind of key and never from the token, so that `alg: none`
 * and a public key used as an HMAC secret are refused.
 */
export class JwtVerifier extends TokenVerifier {
  private readonly key: JWTVerifyGetKey;
  private readonly algorithms: string[];

  constructor(private readonly settings: JwtSettings) {
    super();
    if (settings.authJwtSecret !== '') {
      // Made once: jose would make one of bare bytes for each token.
      const secret = createSecretKey(settings.authJwtSecret, 'utf8');
      this.key = async () => secret;
      this.algorithms = ['HS256'];
    } else {
      this.key = createRemoteJWKSet(new URL(settings.authJwksUrl), { timeoutDuration: KEYS_TIMEOUT_MS });
      this.algorithms = ['RS256', 'ES256', 'EdDSA'];
    }
  }

  async verify(token: string | undefined): Promise<Rights> {
    if (token === undefined || token === '') {
      throw new Refusal('unauthorized', 'no token was given');
    }
    if (token.length > TOKEN_MAX_LENGTH) {
      throw new Refusal('unauthorized', `the token is longer than ${TOKEN_MAX_LENGTH} characters`);
    }
    return rightsOf(await this.claims(token));
  }

  private async claims(token: string): Promise<JWTPayload> {
    const { authJwtIssuer: issuer, authJwtAudience: audience, authClockToleranceS } = this.settings;
    try {
      const { payload } = await jwtVerify(token, this.key, {
        algorithms: this.algorithms,
        requiredClaims: ['sub', 'exp'],
        clockTolerance: authClockToleranceS,
        ...(issuer !== '' && { issuer }),
        ...(audience !== '' && { audience }),
      });
      return payload;
    } catch (error) {
      throw refusalFor(error);
    }
  }
}

const hasExpired = () => new Refusal('unauthorized', 'the token has expired');

function refusalFor(error: unknown): Refusal {
  if (!(error instanceof errors.JOSEError) || KEYS_TROUBLE.has(error.code)) {
    return new Refusal('unavailable', 'the keys to check tokens with are out of reach', { retryMs: KEYS_RETRY_MS });
  }
  if (error instanceof errors.JWTExpired) {
    return hasExpired();
  }
  return new Refusal('unauthorized', 'the token is not valid here');
}

/** @throws {Refusal} where a claim is not what the protocol says: half a right would be guessed */
function rightsOf({ sub, exp, cases, groups, hints }: JWTPayload): Rights {
  if (typeof sub !== 'string' || sub === '' || exp === undefined || !isTexts(cases) || !isTexts(groups)) {
    throw new Refusal('unauthorized', 'the claims of the token are malformed');
  }
  if (exp <= Math.floor(Date.now() / 1000)) {
    throw hasExpired(); // jose would move the end of a token by the tolerance, too.
  }
  return new Rights(sub, exp * 1000, { cases: cases ?? [], groups: groups ?? [], hints: hints === true });
}

function isTexts(claim: unknown): claim is string[] | undefined {
  return claim === undefined || (Array.isArray(claim) && claim.every((item) => typeof item === 'string'));
}
