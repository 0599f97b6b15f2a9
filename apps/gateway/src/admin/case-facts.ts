import { parseFeedKey, type FeedKey } from '#core';
import type { FeedFacts, SetFacts, TicketFacts } from '#redis';

/** A worker that answered: its id in leases, and its name. */
export interface WorkerName {
  readonly id: string;
  readonly process: string;
}

/** How many clients want a ticket in one feed, at one gateway. */
export interface GatewayClients {
  readonly gateway: string;
  readonly clients: number;
}

/** What is known of a ticket in one feed: what Redis has, what gateways and workers answered. */
export interface CaseFacts {
  readonly caseId: string;
  readonly now: number;
  readonly ticket: TicketFacts;
  readonly gateways: readonly GatewayClients[];
  readonly workers: readonly WorkerName[];
}

/** Clients of all gateways. */
export function clientsOf({ gateways }: CaseFacts): number {
  return gateways.reduce((sum, { clients }) => sum + clients, 0);
}

/** When the ticket is polled next, ms since 1970; null: not before something changes. */
export function nextPollAt({ ticket: { set, quarantine, pausedAt } }: Pick<CaseFacts, 'ticket'>): number | null {
  if (pausedAt !== null) {
    return null;
  }
  return set?.dueAt ?? (quarantine !== null && Number.isFinite(quarantine.until) ? quarantine.until : null);
}

/** The part of the answer that is about one feed. Members that mean a time are ISO 8601 instants in UTC. */
export function shownCase(facts: CaseFacts): object {
  const { ticket, gateways, now } = facts;
  const { set, quarantine, lastPublication: last } = ticket;
  return {
    ...shownFeed(ticket.feed),
    wanted: { until: instant(ticket.wantedUntil), clients: clientsOf(facts), gateways },
    set: set && shownSet(set, facts.workers, now),
    last_answer_at: instant(set?.answeredAt ?? null),
    last_error: set?.error ? { reason: set.error.reason, at: instant(set.error.at), failures: set.failures } : null,
    cursor: set?.cursor
      ? {
          given_at: instant(set.cursor.givenAt),
          age_s: ageOf(set.cursor.givenAt, now),
          polled_at: instant(set.cursor.polledAt),
        }
      : null,
    quarantine: quarantine && {
      until: Number.isFinite(quarantine.until) ? instant(quarantine.until) : null,
      refusals: quarantine.refusals,
      reason: 'upstream_refused',
    },
    last_publication: last && { kind: last.kind, seen_at: instant(last.seenAt), age_s: ageOf(last.seenAt, now) },
    next_poll_at: instant(nextPollAt(facts)),
    paused_at: instant(ticket.pausedAt),
    upstream: { ...ticket.upstream, since: instant(ticket.upstream.since || null) },
  };
}

/** A feed by its key and by its parts. */
export function shownFeed(feed: FeedKey): { feed: string; language: string; group_id: string | null } {
  const { language, groupId = null } = parseFeedKey(feed);
  return { feed, language, group_id: groupId };
}

/** What is known of a feed. */
export function shownFeedFacts(feed: FeedFacts, now: number): object {
  const { sets, tickets, quarantined, failing, upstream, earliestDue, pausedAt, publications } = feed;
  return {
    ...shownFeed(feed.feed),
    sets,
    tickets,
    quarantined,
    failing_sets: failing,
    upstream: { ...upstream, since: instant(upstream.since || null) },
    earliest_due_at: instant(earliestDue),
    late_s: ageOf(earliestDue ?? now, now),
    publications,
    paused_at: instant(pausedAt),
  };
}

/** A ticket set. Its worker is named if it answered; else its id stands there. */
export function shownSet(set: SetFacts, workers: readonly WorkerName[], now: number): object {
  const isLeased = set.leaseUntil !== null && set.leaseUntil > now;
  return {
    id: set.set,
    members: set.members,
    joining: set.joining,
    worker: isLeased ? workerOf(set, workers) : null,
    lease_until: isLeased ? instant(set.leaseUntil) : null,
    due_at: instant(set.dueAt),
    late_s: ageOf(set.dueAt ?? now, now),
    answered_at: instant(set.answeredAt),
    active_at: instant(set.activeAt),
    failures: set.failures,
    last_error: set.error && { reason: set.error.reason, at: instant(set.error.at) },
    searches_refused_ticket: set.isSearched,
  };
}

export function workerOf({ owner }: SetFacts, workers: readonly WorkerName[]): string | null {
  return workers.find(({ id }) => id === owner)?.process ?? owner;
}

export function instant(ms: number | null): string | null {
  return ms === null || !Number.isFinite(ms) ? null : new Date(ms).toISOString();
}

/** Seconds since then. The clocks of two processes differ by some milliseconds. */
export function ageOf(at: number, now: number): number {
  return seconds(Math.max(0, now - at));
}

/** Seconds with one decimal. */
export function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
