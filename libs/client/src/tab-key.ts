import { claimsOf } from './token-claims.js';

/** Claims that differ between two tokens of one user with the same rights. */
const OF_ONE_TOKEN = new Set(['exp', 'iat', 'nbf', 'jti', 'auth_time']);

/**
 * The name under which tabs find each other: the same for tabs that ask the same gateway in the same way for the same user
 * with the same rights, and for no others. A token that is no JWT is a user of its own. It is a digest, because names of locks
 * can be read.
 *
 * @param how what else has to be the same
 * @param user names the user instead of the token. Two subjects never share, whatever they are named
 */
export async function tabKey(how: readonly unknown[], token: string | null, user: string | null): Promise<string> {
  const text = JSON.stringify([how, user, user === null ? rightsOf(token ?? '') : subjectOf(token ?? '')]);
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return `pollcast-1-${Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

function rightsOf(token: string): unknown {
  const claims = claimsOf(token);
  if (claims === null) return token;
  const kept = Object.entries(claims).filter(([name]) => !OF_ONE_TOKEN.has(name));
  return kept.sort(([one], [other]) => (one < other ? -1 : 1));
}

function subjectOf(token: string): unknown {
  const { iss, sub } = claimsOf(token) ?? {};
  return [iss, sub];
}
