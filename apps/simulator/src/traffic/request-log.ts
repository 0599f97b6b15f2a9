import { type Query } from '../messages/query.js';

/** One request for messages. */
export interface LoggedRequest {
  /** When it arrived, ms since the epoch. */
  readonly at: number;
  /** Absent where the parameters were refused. */
  readonly query?: Query;
  readonly cursor?: string;
  readonly language: string;
  readonly userAgent?: string;
  /** Absent while in flight; `none` where the connection ended before any answer. */
  status?: number | 'none';
  durationMs?: number;
}

const MAX_KEPT = 1_000;

/** The last thousand requests, oldest first. */
export class RequestLog {
  private kept: LoggedRequest[] = [];

  add(request: LoggedRequest): void {
    this.kept.push(request);
    // Dropping one by one from the front would move a thousand entries for every request.
    if (this.kept.length >= 2 * MAX_KEPT) this.kept = this.kept.slice(-MAX_KEPT);
  }

  last(count: number): readonly LoggedRequest[] {
    return this.kept.slice(-Math.min(count, MAX_KEPT));
  }

  /** How many different ticket sets, told apart by language too, the kept requests asked for. */
  distinctSets(): number {
    const sets = this.last(MAX_KEPT).map(({ query, language }) => query && `${language} ${query.ticketSet}`);
    return new Set(sets.filter(Boolean)).size;
  }

  clear(): void {
    this.kept = [];
  }
}
