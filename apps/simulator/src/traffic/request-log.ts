import { type Query } from '../messages/query.js';

/** One request for messages. */
export interface LoggedRequest {
  /** When it arrived, ms since the epoch. */
  readonly at: number;
  /** Absent if the parameters were refused. */
  readonly query?: Query;
  readonly cursor?: string;
  readonly language: string;
  readonly userAgent?: string;
  readonly traceparent?: string;
  /** Absent while in flight; `none` if the connection ended before any answer. */
  status?: number | 'none';
  durationMs?: number;
}

const MAX_KEPT = 1_000;

/** The last thousand requests, oldest first. */
export class RequestLog {
  private kept: LoggedRequest[] = [];

  add(request: LoggedRequest): void {
    this.kept.push(request);
    // Dropping one entry per request from the front would move a thousand entries each time.
    if (this.kept.length >= 2 * MAX_KEPT) this.kept = this.kept.slice(-MAX_KEPT);
  }

  last(count: number): readonly LoggedRequest[] {
    return this.kept.slice(-Math.min(count, MAX_KEPT));
  }

  /** The number of different ticket sets among the kept requests. The same set in two languages counts twice. */
  distinctSets(): number {
    const sets = this.last(MAX_KEPT).map(({ query, language }) => query && `${language} ${query.ticketSet}`);
    return new Set(sets.filter(Boolean)).size;
  }

  clear(): void {
    this.kept = [];
  }
}
