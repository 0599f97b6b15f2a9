import type { CaseId, Feed } from '#core';
import { Refusal } from '#protocol';

/** What a token allows, as its claims say it. Tickets and groups are apart: each ticket may be read in each group. */
export interface Grants {
  /** Case ids. `*` alone means all; a trailing `*` means all ids that begin with the text before it. */
  readonly cases: readonly string[];
  /** Group ids; `*` means any. */
  readonly groups: readonly string[];
  /** Whether the client may send hints. */
  readonly hints: boolean;
}

/** One empty list for all: each connection has rights, and most of their lists are empty. */
const NONE: readonly string[] = [];
/** Up to this many names stay a list. A set takes 150 bytes more, and each connection has one. */
const LIST_MAX = 8;

type Names = readonly string[] | ReadonlySet<string>;

const listOf = (names: readonly string[]) => (names.length > 0 ? names : NONE);
const namesOf = (names: readonly string[]): Names => (names.length > LIST_MAX ? new Set(names) : listOf(names));
const isAmong = (names: Names, name: string) =>
  names instanceof Set ? names.has(name) : (names as readonly string[]).includes(name);

/** What a token says of itself. */
export interface TokenMarks {
  /** `jti`; null if it has none. */
  readonly tokenId: string | null;
  /** `iat`, ms since 1970; null if it has none. */
  readonly issuedAt: number | null;
}

/** Whether a name with a trailing `*`, or without, names a ticket. */
const isNamed = (pattern: string, caseId: CaseId) =>
  pattern === caseId || (pattern.endsWith('*') && caseId.startsWith(pattern.slice(0, -1)));

const UNMARKED: TokenMarks = { tokenId: null, issuedAt: null };

/** Rights of which some were revoked. */
interface Limits {
  readonly granted: Rights;
  /** Tickets, named as in {@link Grants.cases}. */
  readonly revoked: readonly string[];
}

/** What a client may read, and until when. */
export class Rights {
  private readonly cases: Names;
  private readonly prefixes: readonly string[];
  private readonly groups: Names;
  private readonly hints: boolean;

  constructor(
    /** `sub` of the token; null with `AUTH_MODE=none`. */
    readonly subject: string | null,
    /** Milliseconds since 1970; infinite if the rights do not end. */
    readonly expiresAt: number,
    grants: Grants,
    private readonly marks: TokenMarks = UNMARKED,
    private readonly limits: Limits | null = null,
  ) {
    this.cases = namesOf(grants.cases);
    this.prefixes = listOf(grants.cases.filter((grant) => grant.endsWith('*')).map((grant) => grant.slice(0, -1)));
    this.groups = namesOf(grants.groups);
    this.hints = grants.hints;
  }

  get tokenId(): string | null {
    return this.marks.tokenId;
  }

  get issuedAt(): number | null {
    return this.marks.issuedAt;
  }

  /** What the token grants, revoked tickets included. */
  get granted(): Rights {
    return this.limits?.granted ?? this;
  }

  /** What is left of what the token grants without these tickets, named as in {@link Grants.cases}. */
  without(revoked: readonly string[]): Rights {
    const known = this.limits?.revoked ?? NONE;
    if (known.length === revoked.length && known.every((pattern, at) => pattern === revoked[at])) {
      return this;
    }
    const { granted, subject, expiresAt, hints, marks } = this;
    const grants = { cases: [...this.cases], groups: [...this.groups], hints };
    return revoked.length === 0 ? granted : new Rights(subject, expiresAt, grants, marks, { granted, revoked });
  }

  mayRead(caseId: CaseId): boolean {
    return this.isGranted(caseId) && !this.limits?.revoked.some((pattern) => isNamed(pattern, caseId));
  }

  /** Subscriptions without a group need no right to one. */
  mayUseGroup(groupId: string | undefined): boolean {
    return groupId === undefined || isAmong(this.groups, '*') || isAmong(this.groups, groupId);
  }

  /**
   * Called before anything of a ticket is read (invariant 10).
   * @throws {Refusal} with the tickets that may not be read, whether they exist or not
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

  private isGranted(caseId: CaseId): boolean {
    return isAmong(this.cases, caseId) || this.prefixes.some((prefix) => caseId.startsWith(prefix));
  }

  /** @throws {Refusal} if the token does not grant it */
  requireHints(): void {
    if (!this.hints) {
      throw new Refusal(
        'forbidden',
        'the token does not allow hints: it needs the claim "hints": true, or what the settings have in its place',
      );
    }
  }
}
