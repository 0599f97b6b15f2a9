import { Registry } from 'prom-client';
import { OverviewMetrics, type OverviewFigures } from './overview-metrics.js';

const FIGURES: OverviewFigures = {
  at: 1_000_000,
  feeds: 2,
  sets: 3,
  tickets: 250,
  quarantined: 1,
  stalestSetMs: 7000,
  stalestFeedMs: 1500,
  ages: [1, 1, 1],
  floor: 4,
  jobs: { waiting: 1, active: 2, delayed: 0 },
};

describe('OverviewMetrics', () => {
  let now: number;
  let registry: Registry;
  let metrics: OverviewMetrics;
  beforeEach(() => {
    now = FIGURES.at;
    registry = new Registry();
    metrics = new OverviewMetrics(registry, { now: () => now, intervalMs: 2000, ageBoundsS: [2, 5] });
  });

  it('show the deployment, and how old the answers are', async () => {
    metrics.report(FIGURES);
    metrics.report(FIGURES); // Sets are counted as they are now, and not once more.
    const text = await registry.metrics();
    for (const line of [
      'pollcast_feeds 2',
      'pollcast_sets 3',
      'pollcast_tickets 250',
      'pollcast_quarantined_tickets 1',
      'pollcast_stalest_set_seconds 7',
      'pollcast_stalest_feed_seconds 1.5',
      'pollcast_upstream_requests_floor_per_second 2',
      'pollcast_queue_jobs{state="active"} 2',
      'pollcast_set_age_seconds_bucket{le="2"} 1',
      'pollcast_set_age_seconds_bucket{le="5"} 2',
      'pollcast_set_age_seconds_bucket{le="+Inf"} 3',
    ]) {
      expect(text).toContain(line);
    }
  });

  it('grow older while nobody can look', async () => {
    metrics.report(FIGURES);
    now += 10_000; // Others look every few seconds.
    expect(await registry.metrics()).toContain('pollcast_stalest_set_seconds 7\n');
    now += 50_000;
    expect(await registry.metrics()).toContain('pollcast_stalest_set_seconds 67');
  });
});
