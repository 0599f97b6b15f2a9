/** What the page reads of its token. The gateway checks it; this is only to show names. */
export interface Claims {
  readonly subject: string | null;
  /** Tickets that the token names, without patterns. */
  readonly cases: readonly string[];
  /** When it ends, ms since 1970. */
  readonly expiresAt: number | null;
}

const NOTHING: Claims = { subject: null, cases: [], expiresAt: null };

/** @param claim name of the claim with the ticket ids */
export function claimsOf(token: string, claim: string): Claims {
  try {
    const text = atob((token.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/'));
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    const named = claims[claim];
    const cases = (Array.isArray(named) ? named : []).filter(
      (id): id is string => typeof id === 'string' && !id.endsWith('*'),
    );
    return {
      subject: typeof claims['sub'] === 'string' ? claims['sub'] : null,
      cases: [...new Set(cases)],
      expiresAt: typeof claims['exp'] === 'number' ? claims['exp'] * 1000 : null,
    };
  } catch {
    return NOTHING; // It is no JWT, as with AUTH_MODE=upstream.
  }
}
