import { Refusal, type CaseId, type Feed } from '#core';

/** What a token allows, as its claims say it. */
export interface Grants {
  /** Case ids; `*` alone means all, a trailing `*` all that begin so. */
  readonly cases: readonly string[];
  /** Group ids; `*` means any. */
  readonly groups: readonly string[];
  /** Whether it may say that something happened to tickets. */
  readonly hints: boolean;
}

const NO_GROUPS: ReadonlySet<string> = new Set();

/** What a client may read, and until when. */
export class Rights {
  private readonly cases: ReadonlySet<string>;
  private readonly prefixes: readonly string[];
  private readonly groups: ReadonlySet<string>;
  private readonly hints: boolean;

  constructor(
    /** Who the client is; null where nobody asks. */
    readonly subject: string | null,
    /** Milliseconds since 1970; infinite where rights do not end. */
    readonly expiresAt: number,
    grants: Grants,
  ) {
    this.cases = new Set(grants.cases);
    this.prefixes = grants.cases.filter((grant) => grant.endsWith('*')).map((grant) => grant.slice(0, -1));
    this.groups = grants.groups.length > 0 ? new Set(grants.groups) : NO_GROUPS;
    this.hints = grants.hints;
  }

  mayRead(caseId: CaseId): boolean {
    return this.cases.has(caseId) || this.prefixes.some((prefix) => caseId.startsWith(prefix));
  }

  /** Subscriptions without a group need no right to one. */
  mayUseGroup(groupId: string | undefined): boolean {
    return groupId === undefined || this.groups.has('*') || this.groups.has(groupId);
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
