import { Gauge, Histogram, type Registry } from 'prom-client';
import { METRICS_PREFIX } from './metrics.js';

/** What the metrics need of an overview of the deployment. Times in ms. */
export interface OverviewFigures {
  readonly at: number;
  readonly feeds: number;
  readonly sets: number;
  readonly tickets: number;
  readonly quarantined: number;
  readonly stalestSetMs: number;
  readonly stalestFeedMs: number;
  /** Numbers of sets by age, for each bound and beyond the last. */
  readonly ages: readonly number[];
  readonly floor: number;
  readonly jobs: Readonly<Record<'waiting' | 'active' | 'delayed', number>>;
}

export interface OverviewMetricsOptions {
  /** Redis's time, ms since 1970. */
  readonly now: () => number;
  /** `POLL_INTERVAL_MS` */
  readonly intervalMs: number;
  /** Bounds of {@link OverviewFigures.ages}, s. */
  readonly ageBoundsS: readonly number[];
}

/** An overview that is older than this (ms) is not renewed any more: nobody reaches Redis. */
const OLD_MS = 10_000;

/**
 * The state of the whole deployment. Every process shows the same numbers, so a query takes the maximum and no sum. Ages
 * grow on while nobody can look.
 */
export class OverviewMetrics {
  private latest: OverviewFigures | null = null;
  private readonly ages: Histogram;

  constructor(
    registry: Registry,
    private readonly options: OverviewMetricsOptions,
  ) {
    const shows = (name: string, help: string, value: (latest: OverviewFigures) => number): void => {
      const valueNow = () => (this.latest === null ? 0 : value(this.latest));
      new Gauge({
        name: `${METRICS_PREFIX}${name}`,
        help,
        // All processes of a fleet see the same deployment.
        aggregator: 'max',
        registers: [registry],
        collect() {
          this.set(valueNow());
        },
      });
    };
    const all = 'Of the whole deployment.';
    shows('feeds', `Feeds that are polled. ${all}`, ({ feeds }) => feeds);
    shows('sets', `Ticket sets. ${all}`, ({ sets }) => sets);
    shows('tickets', `Tickets that clients want. ${all}`, ({ tickets }) => tickets);
    shows('quarantined_tickets', `Tickets that the upstream refuses. ${all}`, ({ quarantined }) => quarantined);
    shows(
      'stalest_set_seconds',
      'Since the upstream last answered for the ticket set that waits longest, in the whole deployment.',
      (latest) => (latest.stalestSetMs + this.beyond(latest)) / 1000,
    );
    shows(
      'stalest_feed_seconds',
      'Since the upstream last answered for any set of the feed that waits longest, in the whole deployment.',
      (latest) => (latest.stalestFeedMs + this.beyond(latest)) / 1000,
    );
    shows(
      'upstream_requests_floor_per_second',
      'Requests that the wanted tickets take at full pace: the tickets of each feed by the largest set, once an interval.',
      ({ floor }) => (floor * 1000) / options.intervalMs,
    );
    const jobs = new Gauge({
      name: `${METRICS_PREFIX}queue_jobs`,
      help: 'Jobs of the poll queue, one per ticket set: those that wait for a worker, are with one, or are not due.',
      labelNames: ['state'],
      aggregator: 'max',
      registers: [registry],
      collect: () => {
        for (const state of ['waiting', 'active', 'delayed'] as const) {
          jobs.set({ state }, this.latest?.jobs[state] ?? 0);
        }
      },
    });
    this.ages = new Histogram({
      name: `${METRICS_PREFIX}set_age_seconds`,
      help: 'Ticket sets by the time since the upstream last answered for them, at this moment and in the whole deployment.',
      buckets: [...options.ageBoundsS],
      registers: [registry],
    });
  }

  report(overview: OverviewFigures): void {
    this.latest = overview;
    this.ages.reset();
    const bounds = [...this.options.ageBoundsS, overview.stalestSetMs / 1000];
    overview.ages.forEach((count, at) => {
      for (let set = 0; set < count; set += 1) {
        this.ages.observe(bounds[at] ?? 0);
      }
    });
  }

  /** For how long nobody has looked, ms; 0 while somebody does. */
  private beyond({ at }: OverviewFigures): number {
    const ageMs = this.options.now() - at;
    return ageMs > OLD_MS ? ageMs : 0;
  }
}
