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
export interface Limits {
  readonly granted: Rights;
  /** Tickets, named as in {@link Grants.cases}. */
  readonly revoked: readonly string[];
}

/** What a client may read, and until when. A signed token says it itself. */
export class Rights {
  private readonly cases: Names;
  private readonly prefixes: readonly string[];
  private readonly groups: Names;
  private readonly hints: boolean;

  constructor(
    /** `sub` of the token; null with `AUTH_MODE=none`; a digest of the token with `AUTH_MODE=upstream`. */
    readonly subject: string | null,
    /** Milliseconds since 1970; infinite if the rights do not end. */
    readonly expiresAt: number,
    grants: Grants,
    private readonly marks: TokenMarks = UNMARKED,
    protected readonly limits: Limits | null = null,
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
    const { granted } = this;
    return revoked.length === 0 ? granted : granted.limited({ granted, revoked });
  }

  /** Whether the token is known to be good. A client whose token is not is a stranger still. */
  get isProven(): boolean {
    return true;
  }

  /** Finds out whether the token is good. @throws {Refusal} `unauthorized`, `unavailable` */
  async prove(): Promise<void> {}

  /** Whether {@link require} can tell. */
  knows(_feed: Feed, _caseIds: readonly CaseId[]): boolean {
    return true;
  }

  /** Finds out what {@link require} has to know. @throws {Refusal} `unauthorized`, `unavailable`, `too_many` */
  async learn(_feed: Feed, _caseIds: readonly CaseId[]): Promise<void> {}

  /**
   * Finds out again what may have changed, for tickets that are read. Then {@link isRefused} tells.
   *
   * @throws {Refusal} `unauthorized` where the token is not good any more; another one where the answers are too old to count
   */
  async renew(_feed: Feed, _caseIds: readonly CaseId[]): Promise<void> {}

  /** The same rights as another object, where a right has ended: what is under way with this one begins anew. */
  again(): Rights {
    return this;
  }

  /** Whether it is known that the ticket may not be read. */
  isRefused({ groupId }: Feed, caseId: CaseId): boolean {
    return !this.mayUseGroup(groupId) || !this.mayRead(caseId);
  }

  /** The rights of a connection that shows another token. @throws {Refusal} where the token may not replace this one */
  replacedBy(next: Rights): Rights {
    if (next.subject !== this.subject) {
      throw new Refusal('forbidden', 'the token is of another subject: open a connection of its own for it');
    }
    return next;
  }

  mayRead(caseId: CaseId): boolean {
    return this.isGranted(caseId) && !this.isRevoked(caseId);
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

  protected isRevoked(caseId: CaseId): boolean {
    return this.limits?.revoked.some((pattern) => isNamed(pattern, caseId)) === true;
  }

  /** A copy of these rights, of which some were revoked. */
  protected limited(limits: Limits): Rights {
    const grants = { cases: [...this.cases], groups: [...this.groups], hints: this.hints };
    return new Rights(this.subject, this.expiresAt, grants, this.marks, limits);
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
