import { type Clock } from '../clock.js';
import { type Quirks, type QuirkSet } from '../quirks.js';
import { Random } from '../random.js';
import { FRACTIONS, isAfter, type Position, writeCursor } from './cursor.js';
import {
  EXTRA_ANSWER_FIELDS,
  EXTRA_STATUS_FIELDS,
  EXTRA_TICKET_FIELDS,
  NULL_STATUS_ENTRIES,
  NULL_TICKET_ENTRIES,
} from './embellishment.js';
import { type Look, type Message } from './message.js';
import { type Query } from './query.js';
import { type Ticket } from './ticket.js';
import { type TicketStore } from './ticket-store.js';
import { type WallClock } from './wall-clock.js';

/** One request for messages, parsed. */
export interface Poll {
  readonly query: Query;
  /** Absent if the whole history is wanted. */
  readonly since: Position | undefined;
  readonly zone: WallClock;
}

/** A rendered `imstatus`. It is valid while `quirks` and `version` are the same. */
interface StatusText {
  readonly quirks: QuirkSet;
  readonly version: number;
  readonly json: string;
}

/**
 * Writes answers from texts that are kept. Almost every poll finds nothing new; then it costs one look at each ticket.
 */
export class AnswerWriter {
  private readonly statusTexts = new WeakMap<Query, StatusText>();
  private written = 0;

  constructor(
    private readonly store: TicketStore,
    private readonly quirks: Quirks,
    private readonly clock: Clock,
  ) {}

  /** The JSON body of a 200 as of `now` (ms since the epoch). */
  write(poll: Poll, now: number): string {
    const quirks = this.quirks.current;
    const news = this.news(poll, quirks, now);
    const statuses = this.statuses(poll.query, quirks);
    const cursor = writeCursor(this.position(poll.query, quirks, now), quirks.cursor_form);
    const extra = quirks.extra_fields ? `,${EXTRA_ANSWER_FIELDS}` : '';
    return `{"imstatus":${statuses},"immsg":${news},"last_message_time_id":${cursor}${extra}}`;
  }

  /** `immsg`. Only tickets with new messages have an entry. */
  private news({ query, since, zone }: Poll, quirks: QuirkSet, now: number): string {
    const entries: string[] = [];
    const withoutNews: Ticket[] = [];
    const at = this.clock.exact();
    const look = { zone, quirks, trims: query.trims, isNextRelease: this.isNextRelease(quirks) };
    for (const ticket of query.tickets) {
      const messages = ticket.visibleAfter(since, quirks.cursor_bound, now);
      if (messages.length > 0) {
        for (const message of messages) message.shownAt ??= at;
        entries.push(ticketEntry(ticket, messages, look));
      } else withoutNews.push(ticket);
    }
    if (quirks.null_fields) {
      if (entries.length === 0) return 'null';
      entries.push(NULL_TICKET_ENTRIES);
      if (withoutNews[0]) entries.unshift(`{${withoutNews[0].idMember},"message_list":null}`);
    }
    return `[${ordered(entries, quirks).join(',')}]`;
  }

  /** With `alternating`, every other answer comes from an instance of the next release. */
  private isNextRelease({ message_form: form }: QuirkSet): boolean {
    return form === 'next_release' || (form === 'alternating' && this.written % 2 === 0);
  }

  /** `imstatus`: an entry for each ticket of the request. With `null_fields`, every other answer has null instead. */
  private statuses(query: Query, quirks: QuirkSet): string {
    this.written += 1;
    if (quirks.null_fields && this.written % 2 === 0) return 'null';
    const { statusVersion: version } = this.store;
    let text = this.statusTexts.get(query);
    if (text?.quirks !== quirks || text.version !== version) {
      text = { quirks, version, json: statusList(query, quirks) };
      this.statusTexts.set(query, text);
    }
    return text.json;
  }

  /**
   * The position after a poll. With `server_time` it is just after the last message that was posted, so a message that
   * is posted later in the same millisecond lies after an exact cursor.
   */
  private position(query: Query, quirks: QuirkSet, now: number): Position | undefined {
    switch (quirks.cursor_basis) {
      case 'server_time':
        return { timeMs: now, fraction: this.store.lastSeq % FRACTIONS };
      case 'newest_message':
        return newestOf(query.tickets, now);
    }
  }
}

function ticketEntry(ticket: Ticket, messages: readonly Message[], look: Look): string {
  const { quirks } = look;
  const list = ordered(messages, quirks).map((message) => message.json(look));
  if (quirks.null_fields) list.push('null');
  const extra = quirks.extra_fields ? `,${EXTRA_TICKET_FIELDS}` : '';
  return `{${ticket.idMember},"message_list":[${list.join(',')}]${extra}}`;
}

function statusList(query: Query, quirks: QuirkSet): string {
  const extra = quirks.extra_fields ? `,${EXTRA_STATUS_FIELDS}` : '';
  const entries = query.tickets.map((ticket) => `{"status":${ticket.status},${ticket.idMember}${extra}}`);
  if (quirks.null_fields) entries.push(NULL_STATUS_ENTRIES);
  return `[${entries.join(',')}]`;
}

export function ordered<T>(items: readonly T[], quirks: QuirkSet): readonly T[] {
  switch (quirks.order) {
    case 'oldest_first':
      return items;
    case 'newest_first':
      return items.toReversed();
    case 'shuffled':
      return new Random(quirks.seed).shuffled(items);
  }
}

function newestOf(tickets: readonly Ticket[], now: number): Message | undefined {
  let newest: Message | undefined;
  for (const ticket of tickets) {
    const message = ticket.newestVisible(now);
    if (message && (!newest || isAfter(message, newest, 'exclusive'))) newest = message;
  }
  return newest;
}
