import { type QuirkSet } from '../quirks.js';
import { isAfter, type Position } from './cursor.js';
import { type Message } from './message.js';

/** `imstatus.status`: unread or read. */
export type ReadStatus = 0 | 1;

/** The status of a new ticket: read. */
const NEW_TICKET_STATUS: ReadStatus = 1;

/** Shared, because almost every look at a ticket finds nothing. */
const NOTHING: readonly Message[] = [];

/** One ticket of one group with all its messages, sorted by their own time. */
export class Ticket {
  /** `"incident_id":"…"`, for every answer about this ticket. */
  readonly idMember: string;
  status: ReadStatus = NEW_TICKET_STATUS;
  private sorted: Message[] = [];
  /** The number of the newest message that the account has read. */
  private readUpTo = 0;

  constructor(
    readonly caseId: string,
    readonly groupId: string | undefined,
  ) {
    this.idMember = `"incident_id":${JSON.stringify(caseId)}`;
  }

  get messages(): readonly Message[] {
    return this.sorted;
  }

  /** Inserts a message. The search for its place begins at the end, because it is usually the newest. */
  add(message: Message): void {
    let place = this.sorted.length;
    while (place > 0 && this.sorted[place - 1]!.timeMs > message.timeMs) place -= 1;
    this.sorted.splice(place, 0, message);
  }

  /** The messages after `since` that are visible at `now`, oldest first. The cost grows with the messages after `since`. */
  visibleAfter(since: Position | undefined, bound: QuirkSet['cursor_bound'], now: number): readonly Message[] {
    let found: Message[] | undefined;
    for (let place = this.sorted.length - 1; place >= 0; place -= 1) {
      const message = this.sorted[place]!;
      if (since && !isAfter(message, since, bound)) break;
      if (message.visibleAt <= now) (found ??= []).push(message);
    }
    return found?.reverse() ?? NOTHING;
  }

  /** How many visible messages of engineers the account has not read. */
  unread(now: number): number {
    return this.sorted.filter(
      ({ seq, visibleAt, fields }) => seq > this.readUpTo && visibleAt <= now && fields.type === 1,
    ).length;
  }

  markRead(upTo: number): void {
    this.readUpTo = upTo;
  }

  newestVisible(now: number): Message | undefined {
    return this.sorted.findLast((message) => message.visibleAt <= now);
  }

  /** Drops messages older than `timeMs`. */
  forgetBefore(timeMs: number): void {
    this.sorted = this.sorted.filter((message) => message.timeMs >= timeMs);
  }

  clear(): void {
    this.sorted = [];
    this.status = NEW_TICKET_STATUS;
  }
}
