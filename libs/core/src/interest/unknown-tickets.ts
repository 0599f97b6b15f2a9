import { BoundedMap } from '../model/bounded-map.js';
import type { Clock } from '../model/clock.js';
import type { FeedKey } from '../model/feed.js';
import type { CaseId } from '../model/ticket.js';
import type { InterestRegistry } from './ports/interest-registry.js';

/** Most tickets that are cached as known. */
const KNOWN_MAX = 100_000;
/** Whether the tickets of a subject are known by now is asked at most once in this time, ms. */
const ASK_AGAIN_MS = 1000;
/** A ticket that is not known this long after its first client came will hardly become so, ms. */
const NEW_MS = 10_000;
/** When to try again while tickets are new, ms: they are polled within an interval. */
const SOON_MS = 2000;

export interface UnknownTicketsLimits {
  /** `MAX_UNKNOWN_CASES_PER_SUBJECT` */
  readonly most: number;
  /** How long a ticket is polled after its last client left, ms. */
  readonly lingerMs: number;
}

/** A subject would have more unknown tickets than it may have. */
export class TooManyUnknownTickets extends Error {
  override readonly name = 'TooManyUnknownTickets';

  constructor(
    readonly most: number,
    /** When to try again, ms. */
    readonly retryMs: number,
  ) {
    super(`a subject has at most ${most} tickets at once of which nothing is known`);
  }
}

/** One ticket that clients of a subject want, and of which nothing was known when they came. */
interface UnknownTicket {
  readonly feed: FeedKey;
  readonly caseId: CaseId;
  /** When its first client came, ms since 1970. */
  readonly since: number;
  clients: number;
  /** When it is not polled any more, ms since 1970; infinite while a client wants it. */
  until: number;
}

interface Subject {
  readonly tickets: Map<string, UnknownTicket>;
  askedAt: number;
}

/**
 * Bounds how many tickets the clients of one subject make others poll of which nothing is known. A client can invent
 * tickets, and each costs requests: its first poll, and the search for it if the upstream refuses it. A ticket counts from
 * its first client on until something of it is published, or until it is not polled any more. So to come and go does not
 * help.
 */
export class UnknownTickets {
  private readonly known = new BoundedMap<string, true>(KNOWN_MAX);
  /** Calls that are under way, by ticket. */
  private readonly asking = new Map<string, Promise<ReadonlySet<CaseId>>>();
  private readonly subjects = new Map<string, Subject>();

  constructor(
    private readonly registry: Pick<InterestRegistry, 'unknown'>,
    private readonly clock: Clock,
    private readonly limits: UnknownTicketsLimits,
  ) {}

  /** Whether all of these tickets are known, as far as nothing has to be asked: {@link take} counts none of them. */
  areKnown(feed: FeedKey, caseIds: readonly CaseId[]): boolean {
    return caseIds.every((caseId) => this.known.get(nameOf(feed, caseId)) !== undefined);
  }

  /**
   * Counts those of the tickets that are unknown. A ticket that the subject has already counts once.
   *
   * @throws {TooManyUnknownTickets} none is counted then
   * @throws if the store is out of reach
   */
  async take(subject: string, feed: FeedKey, caseIds: readonly CaseId[]): Promise<void> {
    const unknown = await this.unknownOf(feed, caseIds);
    if (unknown.length === 0) {
      return;
    }
    if (this.wouldHave(subject, feed, unknown) > this.limits.most) {
      await this.askAgain(subject);
    }
    if (this.wouldHave(subject, feed, unknown) > this.limits.most) {
      throw new TooManyUnknownTickets(this.limits.most, this.retryMs(subject));
    }
    const { tickets } = this.subjectOf(subject);
    const now = this.clock.now();
    for (const caseId of unknown) {
      const ticket = tickets.get(nameOf(feed, caseId)) ?? { feed, caseId, since: now, clients: 0, until: 0 };
      tickets.set(nameOf(feed, caseId), { ...ticket, clients: ticket.clients + 1, until: Number.POSITIVE_INFINITY });
    }
  }

  /** A client of the subject does not want these tickets any more. */
  leave(subject: string | null, feed: FeedKey, caseIds: readonly CaseId[]): void {
    const tickets = subject === null ? undefined : this.subjects.get(subject)?.tickets;
    for (const caseId of tickets === undefined ? [] : caseIds) {
      const ticket = tickets?.get(nameOf(feed, caseId));
      if (ticket !== undefined && (ticket.clients -= 1) <= 0) {
        ticket.clients = 0;
        ticket.until = this.clock.now() + this.limits.lingerMs;
      }
    }
  }

  /** Forgets tickets that are not polled any more. Called every few seconds. */
  sweep(): void {
    const now = this.clock.now();
    for (const [subject, { tickets }] of this.subjects) {
      for (const [name, { until }] of tickets) {
        if (until <= now) {
          tickets.delete(name);
        }
      }
      if (tickets.size === 0) {
        this.subjects.delete(subject);
      }
    }
  }

  /** Clients that come at once share a call. */
  private async unknownOf(feed: FeedKey, caseIds: readonly CaseId[]): Promise<readonly CaseId[]> {
    const doubtful = caseIds.filter((caseId) => this.known.get(nameOf(feed, caseId)) === undefined);
    if (doubtful.length === 0) {
      return doubtful;
    }
    const fresh = doubtful.filter((caseId) => !this.asking.has(nameOf(feed, caseId)));
    if (fresh.length > 0) {
      const answer = this.ask(feed, fresh);
      fresh.forEach((caseId) => this.asking.set(nameOf(feed, caseId), answer));
    }
    const calls = doubtful.flatMap((caseId) => this.asking.get(nameOf(feed, caseId)) ?? []);
    const answers = await Promise.all([...new Set(calls)]);
    return doubtful.filter((caseId) => answers.some((unknown) => unknown.has(caseId)));
  }

  private async ask(feed: FeedKey, caseIds: readonly CaseId[]): Promise<ReadonlySet<CaseId>> {
    try {
      const unknown = new Set(await this.registry.unknown(feed, caseIds));
      const known = caseIds.filter((caseId) => !unknown.has(caseId));
      known.forEach((caseId) => this.known.set(nameOf(feed, caseId), true));
      return unknown;
    } finally {
      caseIds.forEach((caseId) => this.asking.delete(nameOf(feed, caseId)));
    }
  }

  private wouldHave(subject: string, feed: FeedKey, unknown: readonly CaseId[]): number {
    const now = this.clock.now();
    const had = [...(this.subjects.get(subject)?.tickets ?? [])].filter(([, { until }]) => until > now);
    return new Set([...had.map(([name]) => name), ...unknown.map((caseId) => nameOf(feed, caseId))]).size;
  }

  /** Drops tickets that are known by now. */
  private async askAgain(subject: string): Promise<void> {
    const of = this.subjectOf(subject);
    const now = this.clock.now();
    if (now - of.askedAt < ASK_AGAIN_MS) {
      return;
    }
    of.askedAt = now;
    const tickets = [...of.tickets.values()];
    for (const feed of new Set(tickets.map((ticket) => ticket.feed))) {
      const caseIds = tickets.filter((ticket) => ticket.feed === feed).map(({ caseId }) => caseId);
      const unknown = new Set(await this.unknownOf(feed, caseIds));
      caseIds.filter((caseId) => !unknown.has(caseId)).forEach((caseId) => of.tickets.delete(nameOf(feed, caseId)));
    }
  }

  /** Tickets may become known soon. If they are not new any more, the first one that nobody wants ends after its linger time. */
  private retryMs(subject: string): number {
    const now = this.clock.now();
    const tickets = [...this.subjectOf(subject).tickets.values()];
    const untils = tickets.map(({ until }) => until).filter((until) => until > now);
    const isNew = tickets.length === 0 || tickets.some(({ since }) => now - since < NEW_MS);
    return Math.ceil(Math.max(SOON_MS, isNew ? 0 : Math.min(this.limits.lingerMs, Math.min(...untils) - now)));
  }

  private subjectOf(subject: string): Subject {
    const found = this.subjects.get(subject) ?? { tickets: new Map(), askedAt: Number.NEGATIVE_INFINITY };
    this.subjects.set(subject, found);
    return found;
  }
}

/** No case id has a space. */
function nameOf(feed: FeedKey, caseId: CaseId): string {
  return `${caseId} ${feed}`;
}
