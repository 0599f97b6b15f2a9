import type { TicketMessage } from '#client';
import { Observable } from '../model/observable.js';
import type { Posted } from './demo-api.js';

export interface LedgerRow extends Posted {
  /** After how long it arrived here, ms; null: it is on the way. */
  readonly afterMs: number | null;
}

/** What is shown. */
const ROWS_MAX = 8;
/** A message that is not here after this long counts as missing, ms: longer than any fault of the demo's own lasts. */
const LATE_MS = 120_000;
/** The demo tells of each posted message within this time, ms. A message without such a word counts as doubled only after it. */
const HEARD_MS = 10_000;
const SECOND_MS = 1000;

/**
 * What was posted in the ticket system beside what arrived at this page. Messages have no ids there, so they are compared as
 * Pollcast does: by ticket, second and content, and two equal ones are two.
 */
export class Ledger extends Observable {
  private readonly posted: LedgerRow[] = [];
  /** When those arrived that were not heard of as posted yet, ms since 1970, by key. */
  private readonly early = new Map<string, number[]>();
  private readonly waiting = new Map<string, LedgerRow[]>();
  /** From when on both sides count, ms since 1970. Before it is known, arrivals are kept. */
  since: number | null = null;
  private lastSeq = 0;
  private readonly kept: TicketMessage[] = [];
  arrived = 0;

  constructor(private readonly followed: (caseId: string) => boolean) {
    super();
  }

  get postedCount(): number {
    return this.posted.length;
  }

  /** The newest first. */
  get rows(): readonly LedgerRow[] {
    return this.posted.slice(-ROWS_MAX).reverse();
  }

  get onTheWay(): number {
    return this.unsettled.length - this.missing;
  }

  get missing(): number {
    return this.unsettled.filter(({ time_ms: at }) => Date.now() - at > LATE_MS).length;
  }

  /** Arrived more often than they were posted. */
  get doubled(): number {
    const before = Date.now() - HEARD_MS;
    return [...this.early.values()].flat().filter((at) => at < before).length;
  }

  /** Counting begins. */
  begin(since: number): void {
    if (this.since !== null) return;
    this.since = since;
    this.kept.splice(0).forEach((event) => this.arrive(event));
  }

  post(posted: Posted): void {
    // A page that was hidden hears everything again.
    if (posted.seq <= this.lastSeq || !this.followed(posted.case_id)) return;
    this.lastSeq = posted.seq;
    const key = keyOf(posted.case_id, posted.time_ms, posted.content);
    const early = this.early.get(key) ?? [];
    const row: LedgerRow = {
      ...posted,
      afterMs: early[0] === undefined ? null : Math.max(0, early[0] - posted.time_ms),
    };
    this.posted.push(row);
    if (early.length > 0) this.early.set(key, early.slice(1));
    else this.waiting.set(key, [...(this.waiting.get(key) ?? []), row]);
    if (row.afterMs !== null) this.arrived += 1;
    this.changed();
  }

  arrive(event: TicketMessage): void {
    const { case_id: caseId, message, sent_at: sentAt, seen_at: seenAt } = event;
    if (this.since === null) {
      this.kept.push(event);
      return;
    }
    const at = Date.parse(sentAt ?? seenAt);
    if (at < this.since) return;
    const key = keyOf(caseId, at, String(message['content']));
    const [row, ...others] = this.waiting.get(key) ?? [];
    if (row === undefined) {
      this.early.set(key, [...(this.early.get(key) ?? []), Date.now()]);
    } else {
      this.waiting.set(key, others);
      this.posted[this.posted.indexOf(row)] = { ...row, afterMs: Math.max(0, Date.now() - row.time_ms) };
      this.arrived += 1;
    }
    this.changed();
  }

  private get unsettled(): readonly LedgerRow[] {
    return [...this.waiting.values()].flat();
  }
}

/** The upstream removes the labels of rich text, unless it is told to keep them. */
const keyOf = (caseId: string, at: number, content: string): string =>
  JSON.stringify([caseId, Math.floor(at / SECOND_MS), content.replace(/<[^<>]*>/g, '')]);
