import { Registry } from 'prom-client';
import { feedKey, UpstreamFailure } from '#core';
import { DemandMetrics } from './demand-metrics.js';
import { EvictionReport } from './eviction-report.js';
import { PrometheusPollTelemetry } from './poll-telemetry.js';
import { RedisMetrics } from './redis-metrics.js';
import { RevocationReport } from './revocation-report.js';
import { UpstreamMetrics, type TokenTimes } from './upstream-metrics.js';

describe('the metrics of a process', () => {
  let registry: Registry;
  beforeEach(() => (registry = new Registry()));
  afterEach(() => jest.restoreAllMocks());
  const shown = async (...names: string[]) => {
    const lines = (await registry.metrics()).split('\n').filter((line) => !line.startsWith('#'));
    return names.map((name) => lines.find((line) => line.startsWith(`pollcast_${name} `))?.split(' ')[1]);
  };

  it('say whether Redis answered the last ping, and how quickly', async () => {
    const redis = new RedisMetrics(registry);
    redis.pinged(250);
    expect(await shown('redis_up', 'redis_ping_seconds_sum', 'redis_ping_seconds_count')).toEqual(['1', '0.25', '1']);
    redis.pinged(null);
    expect(await shown('redis_up', 'redis_ping_seconds_count')).toEqual(['0', '1']);
  });

  it('say what the clients would cost without us, in requests per second', async () => {
    new DemandMetrics(registry, () => ({ ownPolls: 30, slowConsumers: 2 }), 2000);
    expect(await shown('upstream_requests_by_clients_per_second', 'slow_consumers')).toEqual(['15', '2']);
  });

  it('say how old the token of the upstream is, and until when it holds, in seconds', async () => {
    let token: TokenTimes | null = null;
    const upstream = new UpstreamMetrics(
      registry,
      () => token,
      () => 10_000,
    );
    const times = ['upstream_token_age_seconds', 'upstream_token_expires_in_seconds'];
    expect(await shown(...times)).toEqual(['Nan', 'Nan']);
    token = { issuedAt: 4000, expiresAt: 70_000 };
    expect(await shown(...times)).toEqual(['6', '60']);
    token = { issuedAt: 11_000, expiresAt: 9000 }; // The clock of the upstream is ahead.
    expect(await shown(...times)).toEqual(['0', '-1']);
    upstream.sent();
    [500, -20].forEach((ms) => upstream.quotaWaited(ms));
    const counted = ['upstream_requests_total', 'quota_wait_seconds_sum', 'quota_wait_seconds_count'];
    expect(await shown(...counted)).toEqual(['1', '0.5', '2']);
  });

  it('count polls by whether they brought news, and their lag where it is known', async () => {
    const polls = new PrometheusPollTelemetry(registry);
    const set = { feed: feedKey({ language: 'zh-cn' }), id: 1 };
    const polled = (published: number, lagMs: number | null) =>
      polls.polled({ set, published, lagMs, upstreamMs: 500 } as never);
    polled(4, 250);
    polled(0, -5);
    polled(0, null);
    polls.failed(set, new UpstreamFailure('timeout', 'x'));
    polls.stalest(1500);
    const outcomes = ['polls_total{outcome="news"}', 'polls_total{outcome="quiet"}', 'publications_total'];
    expect(await shown(...outcomes)).toEqual(['1', '2', '4']);
    expect(await shown('poll_lag_seconds_sum', 'poll_lag_seconds_count')).toEqual(['0.25', '2']);
    expect(await shown('upstream_request_seconds_sum', 'most_overdue_set_seconds')).toEqual(['1.5', '1.5']);
    expect(await shown('poll_failures_total{code="timeout"}')).toEqual(['1']);
  });

  it('warn once of each policy by which Redis evicts', async () => {
    const warn = jest.fn();
    const report = new EvictionReport(registry, { warn });
    for (const policy of ['allkeys-lru', 'allkeys-lru', 'volatile-lru', null, 'volatile-lru']) report.report(policy);
    expect(warn.mock.calls.map(([{ policy }]: [{ policy: string }]) => policy)).toEqual([
      'allkeys-lru',
      'volatile-lru',
      'volatile-lru',
    ]);
    expect(await shown('redis_evicting')).toEqual(['1']);
    report.report(null);
    expect(await shown('redis_evicting')).toEqual(['0']);
  });

  it('say since when revocations could not be compared, with one line for the beginning and one for the end', async () => {
    let time = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => time);
    const lines: unknown[] = [];
    const say = (fields: { ms?: number }) => void lines.push(fields.ms ?? 'failing');
    const report = new RevocationReport(registry, { warn: say, info: say } as never, () => 3);
    report.compared(null);
    for (time of [1000, 2000, 3000]) report.compared(new Error('away'));
    expect(await shown('revocations', 'revocations_age_seconds')).toEqual(['3', '3']);
    time = 4000;
    report.compared(null);
    report.compared(null);
    expect([lines, await shown('revocations_age_seconds')]).toEqual([['failing', 4000], ['0']]);
  });
});
