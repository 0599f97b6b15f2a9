import type { Shown } from '../contenders/pollcast.js';
import { numberOf } from '../load/marker.js';
import { ticketName, type Arrival } from '../load/commands.js';

/** Counts of all messages that should have been delivered, and their delays, ms. */
export interface Delays {
  readonly deliveries: number;
  readonly lost: number;
  readonly doubled: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** New messages per answer of the upstream, on average. */
  readonly newPerPoll: number;
  /** When the first and the last client of a message got it, on average. */
  readonly first: number;
  readonly last: number;
}

/**
 * Compares the times at which the upstream showed each message with all deliveries to all clients, not with a sample.
 */
export function delaysOf(
  posted: readonly { readonly ticket: number; readonly number: number }[],
  shown: readonly Shown[],
  arrivals: readonly Arrival[],
  { clients, tickets }: { readonly clients: number; readonly tickets: number },
): Delays {
  const shownAt = new Map(shown.map((one) => [`${one.case_id} ${numberOf(one.content)}`, one.shown_at]));
  const given = new Set<string>();
  const delays: number[] = [];
  const spans = new Map<string, { first: number; last: number }>();
  for (const [client, number, at] of arrivals) {
    const name = `${client} ${number}`;
    const message = `${ticketName(client % tickets)} ${number}`;
    const delay = at - (shownAt.get(message) ?? Number.NaN);
    if (!given.has(name)) {
      delays.push(delay);
      const span = spans.get(message) ?? { first: delay, last: delay };
      spans.set(message, { first: Math.min(span.first, delay), last: Math.max(span.last, delay) });
    }
    given.add(name);
  }
  delays.sort((a, b) => a - b);
  const quantile = (share: number) => delays[Math.ceil(delays.length * share) - 1] ?? Number.NaN;
  const polls = new Set(posted.map(({ ticket, number }) => shownAt.get(`${ticketName(ticket)} ${number}`)));
  const mean = (pick: (span: { first: number; last: number }) => number) =>
    [...spans.values()].reduce((sum, span) => sum + pick(span), 0) / spans.size;
  return {
    first: mean(({ first }) => first),
    last: mean(({ last }) => last),
    deliveries: given.size,
    lost: (posted.length * clients) / tickets - given.size,
    doubled: arrivals.length - given.size,
    p50: quantile(0.5),
    p99: quantile(0.99),
    max: quantile(1),
    newPerPoll: posted.length / polls.size,
  };
}
