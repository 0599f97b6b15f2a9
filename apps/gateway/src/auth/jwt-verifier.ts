import { createSecretKey, type KeyObject } from 'node:crypto';
import {
  decodeProtectedHeader,
  errors,
  jwtVerify,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  type KeyLike,
} from 'jose';
import { Refusal } from '#protocol';
import { claimedGrants, malformedClaims, type ClaimSettings } from './claimed-grants.js';
import { KeysUnavailable } from './key-set-url.js';
import { KeyNotKnownYet, type PublishedKeys } from './published-keys.js';
import { Rights } from './rights.js';
import { SecretTokens } from './secret-tokens.js';
import { TokenVerifier } from './token-verifier.js';

export interface JwtSettings extends ClaimSettings {
  /** Checked against `iss` unless empty. */
  readonly authJwtIssuer: string;
  /** Checked against `aud` unless empty. */
  readonly authJwtAudience: string;
  /** Checked against `typ` of the header unless empty. `application/` in front and upper case make no difference. */
  readonly authJwtTyp: string;
  /** How far `nbf` may be ahead, seconds. */
  readonly authClockToleranceS: number;
}

/** What tokens are signed with. */
export interface SigningKeys {
  /** Finds the key of a token. An error that is not one of jose's means that there are no keys now. */
  readonly find: JWTVerifyGetKey;
  /** They depend on the kind of key and never on the token. So `alg: none` and a public key used as a secret fail. */
  readonly algorithms: readonly string[];
  /** Fetches newer keys, for a token that names no key and fits none. Absent if keys never change. */
  readonly renew?: () => Promise<void>;
  /** Absent if they are public. */
  readonly secret?: KeyObject;
}

/** One secret. It is converted to a key once, because jose would convert bare bytes again for each token. */
export function secretKeys(authJwtSecret: string): SigningKeys {
  const secret = createSecretKey(authJwtSecret, 'utf8');
  return { find: async () => secret, algorithms: ['HS256'], secret };
}

/** Public keys. */
export function publicKeys(keys: Pick<PublishedKeys, 'find' | 'renew'>): SigningKeys {
  return { find: keys.find, algorithms: ['RS256', 'ES256', 'EdDSA'], renew: () => keys.renew() };
}

/** Longest token that is verified, characters. */
const TOKEN_MAX_LENGTH = 16_384;
/** When a client may try again after the keys were not available, ms. */
const KEYS_RETRY_MS = 2000;

/** `AUTH_MODE=jwt`. */
export class JwtVerifier extends TokenVerifier {
  private readonly options: JWTVerifyOptions;
  private readonly secretTokens: SecretTokens | null;

  constructor(
    private readonly keys: SigningKeys,
    private readonly settings: JwtSettings,
  ) {
    super();
    const { authJwtIssuer: issuer, authJwtAudience: audience, authJwtTyp: typ, authClockToleranceS } = settings;
    this.options = {
      algorithms: [...keys.algorithms],
      requiredClaims: ['sub', 'exp'],
      clockTolerance: authClockToleranceS,
      ...(issuer !== '' && { issuer }),
      ...(audience !== '' && { audience }),
      ...(typ !== '' && { typ }),
    };
    const demands = { issuer, audience, typ, toleranceS: authClockToleranceS };
    this.secretTokens = keys.secret === undefined ? null : new SecretTokens(keys.secret, demands);
  }

  override recognize(token: string | undefined): Rights | null {
    if (token === undefined || token.length > TOKEN_MAX_LENGTH) {
      return null;
    }
    const claims = this.secretTokens?.claims(token) ?? null;
    return claims === null ? null : rightsOf(claims, this.settings);
  }

  async verify(token: string | undefined): Promise<Rights> {
    if (token === undefined || token === '') {
      throw new Refusal('unauthorized', 'no token was given');
    }
    if (token.length > TOKEN_MAX_LENGTH) {
      throw new Refusal('unauthorized', `the token is longer than ${TOKEN_MAX_LENGTH} characters`);
    }
    return this.recognize(token) ?? rightsOf(await this.claims(token), this.settings);
  }

  private async claims(token: string): Promise<JWTPayload> {
    try {
      return await this.checked(token);
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed) || this.keys.renew === undefined || hasKid(token)) {
        throw refusalFor(error);
      }
    }
    try {
      await this.keys.renew();
      return await this.checked(token);
    } catch (error) {
      throw refusalFor(error);
    }
  }

  /** @throws what jose and the source of the keys throw */
  private async checked(token: string): Promise<JWTPayload> {
    try {
      return (await jwtVerify(token, this.keys.find, this.options)).payload;
    } catch (error) {
      if (error instanceof errors.JWKSMultipleMatchingKeys) {
        return this.checkedByAny(token, error as AsyncIterable<KeyLike>);
      }
      throw error;
    }
  }

  /** Tries each key that fits, for a token that names no key. */
  private async checkedByAny(token: string, keys: AsyncIterable<KeyLike>): Promise<JWTPayload> {
    for await (const key of keys) {
      try {
        return (await jwtVerify(token, key, this.options)).payload;
      } catch (error) {
        if (error instanceof errors.JOSEError && !(error instanceof errors.JWSSignatureVerificationFailed)) {
          throw error; // The signature is right, so the fault is another one.
        }
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

const hasExpired = () => new Refusal('unauthorized', 'the token has expired');

function hasKid(token: string): boolean {
  return typeof decodeProtectedHeader(token).kid === 'string';
}

function refusalFor(error: unknown): Refusal {
  if (error instanceof KeyNotKnownYet) {
    return new Refusal('unavailable', 'the key of the token is not known yet', { retryMs: error.retryMs });
  }
  if (error instanceof KeysUnavailable || error instanceof errors.JWKSInvalid) {
    return new Refusal('unavailable', 'the keys to check tokens with are out of reach', { retryMs: KEYS_RETRY_MS });
  }
  if (error instanceof errors.JWTExpired) {
    return hasExpired();
  }
  // All other errors of jose are about the token, and errors of Node about its key: a key that is too short, for
  // example.
  return new Refusal('unauthorized', 'the token is not valid here');
}

/** @throws {Refusal} if a claim is not what the protocol says */
function rightsOf(claims: JWTPayload, settings: ClaimSettings): Rights {
  const { sub, exp, iat, jti } = claims;
  if (typeof sub !== 'string' || sub === '' || exp === undefined) {
    throw malformedClaims();
  }
  if (exp <= Math.floor(Date.now() / 1000)) {
    throw hasExpired(); // jose applies the tolerance to `exp`, too. Here it applies to `nbf` only.
  }
  return new Rights(sub, exp * 1000, claimedGrants(claims, settings), {
    tokenId: typeof jti === 'string' ? jti : null,
    issuedAt: typeof iat === 'number' ? iat * 1000 : null,
  });
}
