import type { JWTPayload } from 'jose';
import { Refusal } from '#protocol';
import type { Grants } from './rights.js';

/** Where a token says what it allows. An empty text means that this form is not read. */
export interface ClaimSettings {
  /** Claim with an array of ticket ids. */
  readonly authCasesClaim: string;
  /** Claim with an array of group ids. */
  readonly authGroupsClaim: string;
  /** Claim that is `true` if the client may send hints. */
  readonly authHintsClaim: string;
  /** Begin of the scopes that are Pollcast's, such as `pollcast:`. Other scopes are of other services. */
  readonly authScopePrefix: string;
  /** `type` of the entries of `authorization_details` that are Pollcast's. Other entries are of other services. */
  readonly authDetailsType: string;
}

const SCOPE_CASE = 'case:';
const SCOPE_GROUP = 'group:';
const SCOPE_HINTS = 'hints';
/** An entry with other members is refused: a member that is not understood may limit what the entry allows. */
const ENTRY_MEMBERS = new Set(['type', 'case_ids', 'groups', 'hints']);

/**
 * What the claims of a token allow: the sum of its claims, its scopes (RFC 9068, 2.2.3) and its `authorization_details`
 * (RFC 9396). What is not there allows nothing.
 *
 * @throws {Refusal} if a claim that is read has another form; a right is never guessed from half a claim
 */
export function claimedGrants(claims: JWTPayload, settings: ClaimSettings): Grants {
  const claimed = {
    cases: textsOf(own(claims, settings.authCasesClaim)),
    groups: textsOf(own(claims, settings.authGroupsClaim)),
    hints: own(claims, settings.authHintsClaim) === true,
  };
  if (settings.authScopePrefix === '' && settings.authDetailsType === '') {
    return claimed;
  }
  const sources = [
    claimed,
    ...(settings.authScopePrefix === '' ? [] : [ofScopes(own(claims, 'scope'), settings.authScopePrefix)]),
    ...(settings.authDetailsType === ''
      ? []
      : ofDetails(own(claims, 'authorization_details'), settings.authDetailsType)),
  ];
  return {
    cases: sources.flatMap(({ cases }) => cases),
    groups: sources.flatMap(({ groups }) => groups),
    hints: sources.some(({ hints }) => hints),
  };
}

export function malformedClaims(): Refusal {
  return new Refusal('unauthorized', 'the claims of the token are malformed');
}

/** A member that the object has itself: `constructor` and the like are no claims. */
function own(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? (object as Record<string, unknown>)[name] : undefined;
}

function textsOf(claim: unknown): readonly string[] {
  if (claim === undefined) {
    return [];
  }
  if (!Array.isArray(claim) || !claim.every((item) => typeof item === 'string')) {
    throw malformedClaims();
  }
  return claim;
}

/** Scopes have spaces in between (RFC 6749, 3.3). Scopes with the prefix and an unknown rest allow nothing. */
function ofScopes(scope: unknown, prefix: string): Grants {
  if (scope !== undefined && typeof scope !== 'string') {
    throw malformedClaims();
  }
  const ours = (scope ?? '')
    .split(' ')
    .filter((item) => item.startsWith(prefix))
    .map((item) => item.slice(prefix.length));
  const after = (kind: string) =>
    ours.filter((item) => item.startsWith(kind) && item !== kind).map((item) => item.slice(kind.length));
  return { cases: after(SCOPE_CASE), groups: after(SCOPE_GROUP), hints: ours.includes(SCOPE_HINTS) };
}

/**
 * Each entry is a combination of its own (RFC 9396, 2), but {@link Grants} keeps tickets and groups apart. So the entries
 * may differ in their tickets only. Else a ticket of one entry could be read in the group of another one.
 */
function ofDetails(details: unknown, type: string): readonly Grants[] {
  if (details === undefined) {
    return [];
  }
  if (!Array.isArray(details) || !details.every(isEntry)) {
    throw malformedClaims();
  }
  const grants = details.filter((entry) => entry.type === type).map(ofEntry);
  if (new Set(grants.map(({ groups, hints }) => JSON.stringify([[...groups].sort(), hints]))).size > 1) {
    throw malformedClaims();
  }
  return grants;
}

function isEntry(entry: unknown): entry is { readonly type: string } {
  return typeof entry === 'object' && entry !== null && typeof own(entry, 'type') === 'string';
}

function ofEntry(entry: object): Grants {
  if (!Object.keys(entry).every((member) => ENTRY_MEMBERS.has(member))) {
    throw malformedClaims();
  }
  return {
    cases: textsOf(own(entry, 'case_ids')),
    groups: textsOf(own(entry, 'groups')),
    hints: own(entry, 'hints') === true,
  };
}
