import { type ServerResponse } from 'node:http';
import { type Clock } from '../clock.js';
import { OverlapWatch } from './overlap-watch.js';
import { type LoggedRequest, RequestLog } from './request-log.js';
import { SlidingSecond } from './sliding-second.js';

/** Counters that only grow until they are reset. */
interface Totals {
  requests: number;
  /** By HTTP status; `none` if the connection ended before any answer. */
  by_status: Record<string, number>;
  /** Requests without a cursor. */
  cursorless: number;
  /** The tickets of all requests, summed up. */
  case_ids_total: number;
  max_in_flight: number;
  /** Requests for older messages; they are none of `requests`, and count for `max_per_second`. */
  more: number;
  /** Requests for unread counts, and to mark messages as read; the same holds for them. */
  unread: number;
  /** Most of these at once. */
  max_others_in_flight: number;
  /** Requests for a token, refused ones included. */
  logins: number;
  tokens_issued: number;
}

/** As `GET /control/counters` answers it. */
export interface Counters extends Readonly<Totals> {
  readonly in_flight: number;
  readonly overlaps: number;
  readonly max_per_second: number;
  /** Different ticket sets among the requests in the log. */
  readonly distinct_sets: number;
}

const nothing = (): Totals => ({
  requests: 0,
  by_status: {},
  cursorless: 0,
  case_ids_total: 0,
  max_in_flight: 0,
  more: 0,
  unread: 0,
  max_others_in_flight: 0,
  logins: 0,
  tokens_issued: 0,
});

/** Counts and logs every request to the upstream. Tests compare the number of polls with these counters. */
export class Traffic {
  readonly log = new RequestLog();
  private totals = nothing();
  private inFlight = 0;
  private othersInFlight = 0;
  private readonly overlapWatch = new OverlapWatch();
  private readonly second = new SlidingSecond();

  constructor(private readonly clock: Clock) {}

  /** Counts a request for messages as in flight until its response is closed. */
  begin(request: Omit<LoggedRequest, 'at'>, res: ServerResponse): void {
    const { query, language } = request;
    const logged: LoggedRequest = { at: this.clock.now(), ...request };
    this.log.add(logged);
    this.second.add(logged.at);
    this.inFlight += 1;
    this.totals.requests += 1;
    this.totals.max_in_flight = Math.max(this.totals.max_in_flight, this.inFlight);
    this.totals.case_ids_total += query?.caseIds.length ?? 0;
    if (request.cursor === undefined) this.totals.cursorless += 1;
    if (query) this.overlapWatch.begin(query, language);
    res.once('close', () => {
      this.end(logged, res.headersSent ? res.statusCode : 'none');
      if (query) this.overlapWatch.end(query, language);
    });
  }

  /** Counts a request to another endpoint of messages. */
  beginOther(endpoint: 'more' | 'unread', res: ServerResponse): void {
    this.second.add(this.clock.now());
    this.totals[endpoint] += 1;
    this.othersInFlight += 1;
    this.totals.max_others_in_flight = Math.max(this.totals.max_others_in_flight, this.othersInFlight);
    res.once('close', () => (this.othersInFlight -= 1));
  }

  login(): void {
    this.totals.logins += 1;
  }

  tokenIssued(): void {
    this.totals.tokens_issued += 1;
  }

  counters(): Counters {
    return {
      ...this.totals,
      in_flight: this.inFlight,
      overlaps: this.overlapWatch.overlaps,
      max_per_second: this.second.max,
      distinct_sets: this.log.distinctSets(),
    };
  }

  /** Sets all counters to 0. Requests in flight stay counted as in flight. */
  reset(): void {
    this.totals = nothing();
    this.overlapWatch.overlaps = 0;
    this.second.reset();
    this.log.clear();
  }

  private end(logged: LoggedRequest, status: number | 'none'): void {
    logged.status = status;
    logged.durationMs = this.clock.now() - logged.at;
    this.inFlight -= 1;
    this.totals.by_status[status] = (this.totals.by_status[status] ?? 0) + 1;
  }
}
