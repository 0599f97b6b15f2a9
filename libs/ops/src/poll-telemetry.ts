import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import {
  UPSTREAM_FAILURES,
  type PollTelemetry,
  type SetRef,
  type UpstreamFailure,
  type UpstreamFailureCode,
} from '#core';
import { METRICS_PREFIX } from './metrics.js';

/** Seconds. Polls should be sent within some milliseconds of their due time. 5 s is the default of the longest interval. */
const LAG_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** Seconds, up to the default of `UPSTREAM_TIMEOUT_MS`. */
const REQUEST_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

const DISCARD_REASONS = ['conflict', 'busy', 'gone'] as const;

/** Counts polls. Labels are resolved once: a worker may count thousands of polls per second. */
export class PrometheusPollTelemetry implements PollTelemetry {
  private readonly news: Counter.Internal;
  private readonly idle: Counter.Internal;
  private readonly publications: Counter;
  private readonly lag: Histogram;
  private readonly request: Histogram;
  private readonly failures: ReadonlyMap<UpstreamFailureCode, Counter.Internal>;
  private readonly refusedTickets: Counter;
  private readonly refusedCursors: Counter;
  private readonly stalestSet: Gauge;
  private readonly lostKeys: Counter;
  private readonly discards: ReadonlyMap<(typeof DISCARD_REASONS)[number], Counter.Internal>;

  constructor(registry: Registry) {
    const registers = [registry];
    const named = (name: string, help: string) => ({ name: `${METRICS_PREFIX}${name}`, help, registers });
    const polls = new Counter({
      ...named('polls_total', 'Polls of any kind that were answered and committed, by whether they brought news.'),
      labelNames: ['outcome'],
    });
    this.news = polls.labels('news');
    this.idle = polls.labels('quiet');
    this.publications = new Counter(named('publications_total', 'Messages and statuses that were published.'));
    this.lag = new Histogram({
      ...named('poll_lag_seconds', 'From when a poll was due to when it was sent.'),
      buckets: LAG_BUCKETS,
    });
    this.request = new Histogram({
      ...named('upstream_request_seconds', 'From sending a poll to its parsed answer.'),
      buckets: REQUEST_BUCKETS,
    });
    this.stalestSet = new Gauge(
      named(
        'most_overdue_set_seconds',
        'How long the ticket set that waits longest has been due, among those that this worker has looked at in the last 12 s.',
      ),
    );
    this.lostKeys = new Counter(
      named('redis_keys_lost_total', 'Times that keys of a feed were found lost in Redis, and were made again.'),
    );
    const failures = new Counter({
      ...named('poll_failures_total', 'Polls that brought no answer, by the code of the failure.'),
      labelNames: ['code'],
    });
    this.refusedTickets = new Counter(
      named('tickets_set_apart_total', 'Tickets that the upstream was found to refuse, again or for the first time.'),
    );
    this.refusedCursors = new Counter(
      named(
        'cursors_refused_total',
        'Cursors that the upstream was found to refuse: their sets were read from an older one.',
      ),
    );
    const codes = Object.keys(UPSTREAM_FAILURES) as UpstreamFailureCode[];
    this.failures = new Map(codes.map((code) => [code, failures.labels(code)]));
    const discards = new Counter({
      ...named('polls_discarded_total', 'Polls that ended without a commit because another one came first.'),
      labelNames: ['reason'],
    });
    this.discards = new Map(DISCARD_REASONS.map((reason) => [reason, discards.labels(reason)]));
  }

  polled(poll: Parameters<PollTelemetry['polled']>[0]): void {
    (poll.published > 0 ? this.news : this.idle).inc();
    this.publications.inc(poll.published);
    if (poll.lagMs !== null) {
      this.lag.observe(Math.max(0, poll.lagMs) / 1000);
    }
    this.request.observe(poll.upstreamMs / 1000);
  }

  /** @param ms time since the due time of the set that waits longest */
  stalest(ms: number): void {
    this.stalestSet.set(ms / 1000);
  }

  keysLost(times: number): void {
    this.lostKeys.inc(times);
  }

  failed(_: SetRef, { code }: UpstreamFailure): void {
    this.failures.get(code)?.inc();
  }

  quarantined(): void {
    this.refusedTickets.inc();
  }

  cursorRefused(): void {
    this.refusedCursors.inc();
  }

  discarded(reason: (typeof DISCARD_REASONS)[number]): void {
    this.discards.get(reason)?.inc();
  }
}
