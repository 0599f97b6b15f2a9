import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import type { JWTPayload } from 'jose';

/** What a token has to say beside its signature. */
export interface TokenDemands {
  /** Checked against `iss` unless empty; so are the next two, against `aud` and against `typ` of the header. */
  readonly issuer: string;
  readonly audience: string;
  readonly typ: string;
  /** How far `nbf` may be ahead, and how long `exp` may be over, seconds. */
  readonly toleranceS: number;
}

interface Header {
  readonly alg?: unknown;
  readonly typ?: unknown;
  readonly crit?: unknown;
}

const decoder = new TextDecoder();

/**
 * Recognises tokens that are plainly good: signed with the shared secret (HS256), and with every claim that is demanded.
 * It does in one step what jose does in eight promises, which is a tenth of what a connection costs. It never says why a
 * token is not good: jose decides on every token that is not recognised.
 */
export class SecretTokens {
  /** The last header that was good. Nearly all tokens of an issuer have the same one. */
  private goodHeader = '';

  constructor(
    private readonly secret: KeyObject,
    private readonly demands: TokenDemands,
  ) {}

  /** @returns the claims that jose would return; null: jose has to decide */
  claims(token: string): JWTPayload | null {
    const afterHeader = token.indexOf('.');
    const afterClaims = token.indexOf('.', afterHeader + 1);
    if (afterHeader < 0 || afterClaims < 0 || token.includes('.', afterClaims + 1)) {
      return null;
    }
    const isGood =
      this.hasGoodHeader(token.slice(0, afterHeader)) &&
      this.isSigned(token.slice(0, afterClaims), token.slice(afterClaims + 1));
    const claims = isGood ? objectOf<JWTPayload>(token.slice(afterHeader + 1, afterClaims)) : null;
    return claims !== null && this.areGood(claims) ? claims : null;
  }

  private hasGoodHeader(text: string): boolean {
    if (text === this.goodHeader) {
      return true;
    }
    const header = objectOf<Header>(text);
    const { typ } = this.demands;
    const isGood =
      header !== null &&
      header.alg === 'HS256' &&
      header.crit === undefined &&
      (typ === '' || (typeof header.typ === 'string' && typeOf(header.typ) === typeOf(typ)));
    if (isGood) {
      this.goodHeader = Buffer.from(text).toString(); // A part of the token would keep the whole token in memory.
    }
    return isGood;
  }

  private isSigned(text: string, signature: string): boolean {
    const given = Buffer.from(signature, 'base64url');
    const expected = createHmac('sha256', this.secret).update(text).digest();
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  private areGood({ sub, exp, iat, nbf, iss, aud }: JWTPayload): boolean {
    const { issuer, audience, toleranceS } = this.demands;
    const now = Math.floor(Date.now() / 1000);
    return (
      sub !== undefined &&
      typeof exp === 'number' &&
      exp > now - toleranceS &&
      (iat === undefined || typeof iat === 'number') &&
      (nbf === undefined || (typeof nbf === 'number' && nbf <= now + toleranceS)) &&
      (issuer === '' || iss === issuer) &&
      (audience === '' || aud === audience || (Array.isArray(aud) && aud.includes(audience)))
    );
  }
}

/** The object whose JSON text is in base64url; null if it is none. */
function objectOf<T extends object>(text: string): T | null {
  try {
    const value: unknown = JSON.parse(decoder.decode(Buffer.from(text, 'base64url')));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as T) : null;
  } catch {
    return null;
  }
}

/** As jose compares types. */
function typeOf(typ: string): string {
  return typ.toLowerCase().replace(/^application\//, '');
}
