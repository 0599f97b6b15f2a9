import type { CaseId, Feed } from '#core';
import { Refusal } from '#protocol';

/** What a token allows, as its claims say it. */
export interface Grants {
  /** Case ids; `*` alone means all, a trailing `*` all that begin so. */
  readonly cases: readonly string[];
  /** Group ids; `*` means any. */
  readonly groups: readonly string[];
  /** Whether it may say that something happened to tickets. */
  readonly hints: boolean;
}

/** Shared, as each connection has its rights and most have none of some kind. */
const NONE: readonly string[] = [];
/** Up to so many names are kept as the list that they came in: each connection has one, and a set takes 150 bytes more. */
const LIST_MAX = 8;

type Names = readonly string[] | ReadonlySet<string>;

const listOf = (names: readonly string[]) => (names.length > 0 ? names : NONE);
const namesOf = (names: readonly string[]): Names => (names.length > LIST_MAX ? new Set(names) : listOf(names));
const isAmong = (names: Names, name: string) =>
  names instanceof Set ? names.has(name) : (names as readonly string[]).includes(name);

/** What a client may read, and until when. */
export class Rights {
  private readonly cases: Names;
  private readonly prefixes: readonly string[];
  private readonly groups: Names;
  private readonly hints: boolean;

  constructor(
    /** Who the client is; null where nobody asks. */
    readonly subject: string | null,
    /** Milliseconds since 1970; infinite where rights do not end. */
    readonly expiresAt: number,
    grants: Grants,
  ) {
    this.cases = namesOf(grants.cases);
    this.prefixes = listOf(grants.cases.filter((grant) => grant.endsWith('*')).map((grant) => grant.slice(0, -1)));
    this.groups = namesOf(grants.groups);
    this.hints = grants.hints;
  }

  mayRead(caseId: CaseId): boolean {
    return isAmong(this.cases, caseId) || this.prefixes.some((prefix) => caseId.startsWith(prefix));
  }

  /** Subscriptions without a group need no right to one. */
  mayUseGroup(groupId: string | undefined): boolean {
    return groupId === undefined || isAmong(this.groups, '*') || isAmong(this.groups, groupId);
  }

  /**
   * To be asked before anything of a ticket is touched (invariant 10).
   * @throws {Refusal} naming what may not be read, whether it exists or not
   */
  require(feed: Feed, caseIds: readonly CaseId[]): void {
    if (!this.mayUseGroup(feed.groupId)) {
      throw new Refusal('forbidden', 'the token does not allow this group_id', { caseIds });
    }
    const refused = caseIds.filter((caseId) => !this.mayRead(caseId));
    if (refused.length > 0) {
      throw new Refusal('forbidden', 'the token does not allow these tickets', { caseIds: refused });
    }
  }

  /** @throws {Refusal} where the token lacks the claim */
  requireHints(): void {
    if (!this.hints) {
      throw new Refusal('forbidden', 'the token does not allow hints: it needs the claim "hints": true');
    }
  }
}
