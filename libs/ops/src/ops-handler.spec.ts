import { feedKey, UpstreamFailure } from '#core';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DeliveryMetrics } from './delivery-metrics.js';
import { HealthState } from './health.js';
import { createRegistry } from './metrics.js';
import { createOpsHandler } from './ops-handler.js';
import { PrometheusPollTelemetry } from './poll-telemetry.js';

describe('health and metrics over HTTP', () => {
  let server: Server;
  let base: string;
  const health = new HealthState();
  const registry = createRegistry('worker');
  const polls = new PrometheusPollTelemetry(registry);
  const deliveries = new DeliveryMetrics(registry);
  let redis: () => boolean | Promise<boolean> = () => true;

  beforeAll(async () => {
    health.require('redis', () => redis());
    const handle = createOpsHandler(health, registry);
    server = createServer((request, response) => {
      if (!handle(request, response)) {
        response.writeHead(404).end();
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it('is live and ready', async () => {
    expect((await fetch(`${base}/health/live`)).status).toBe(200);
    const ready = await fetch(`${base}/health/ready?probe=1`);
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ok', checks: { redis: 'ok' } }]);
  });

  it.each([
    ['says no', () => false],
    ['throws', () => Promise.reject(new Error('connect ECONNREFUSED 10.0.0.1'))],
    ['never answers', () => new Promise<boolean>(() => undefined)],
  ])('is not ready while a probe %s, and says nothing more', async (_, probe) => {
    redis = probe;
    const ready = await fetch(`${base}/health/ready`);
    expect([ready.status, await ready.json()]).toEqual([503, { status: 'not ready', checks: { redis: 'failing' } }]);
    expect((await fetch(`${base}/health/live`)).status).toBe(200);
    redis = () => true;
  });

  it('counts polls and deliveries', async () => {
    const ref = { feed: feedKey({ language: 'en-us' }), id: 1 };
    polls.polled({ ref, commitMs: 1, lagMs: 3, upstreamMs: 40, published: 2 });
    polls.polled({ ref, commitMs: 1, lagMs: -1, upstreamMs: 40, published: 0 });
    polls.polled({ ref, commitMs: 1, lagMs: null, upstreamMs: 40, published: 0 });
    polls.failed(ref, new UpstreamFailure('throttled', 'x'));
    polls.discarded('conflict');
    deliveries.sse.opened();
    deliveries.socketIo.delivered(7);
    deliveries.subscribed(5);
    deliveries.firstWritten(12);
    deliveries.closing('draining');
    const text = await (await fetch(`${base}/metrics`)).text();
    for (const line of [
      'pollcast_polls_total{outcome="news",program="worker"} 1',
      'pollcast_polls_total{outcome="quiet",program="worker"} 2',
      'pollcast_publications_total{program="worker"} 2',
      'pollcast_poll_failures_total{code="throttled",program="worker"} 1',
      'pollcast_polls_discarded_total{reason="conflict",program="worker"} 1',
      'pollcast_poll_lag_seconds_count{program="worker"} 2',
      'pollcast_upstream_request_seconds_count{program="worker"} 3',
      'pollcast_connections{transport="sse",program="worker"} 1',
      'pollcast_deliveries_total{transport="socket_io",program="worker"} 7',
      'pollcast_subscriptions{program="worker"} 5',
      'pollcast_delivery_latency_seconds_bucket{le="0.025",program="worker"} 1',
      'pollcast_closings_total{reason="draining",program="worker"} 1',
      'pollcast_delivery_stage_seconds_bucket{le="0.025",program="worker",stage="written"} 1',
    ]) {
      expect(text).toContain(line);
    }
    expect(text).toContain('\nnodejs_eventloop_lag_seconds');
  });

  it('leaves other paths to others, and other methods alone', async () => {
    expect((await fetch(`${base}/v1/events`)).status).toBe(404);
    const allow = 'GET, HEAD, OPTIONS';
    const post = await fetch(`${base}/metrics`, { method: 'POST' });
    expect([post.status, post.headers.get('allow'), await post.text()]).toEqual([
      405,
      allow,
      expect.stringContaining('only GET and HEAD'),
    ]);
    const options = await fetch(`${base}/metrics`, { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([204, allow]);
    expect((await fetch(`${base}/health/live`, { method: 'HEAD' })).status).toBe(200);
  });

  it('is not ready when the drain has begun, and still live', async () => {
    health.drain();
    const ready = await fetch(`${base}/health/ready`);
    expect([ready.status, await ready.json()]).toEqual([
      503,
      { status: 'not ready', checks: { redis: 'ok', program: 'draining' } },
    ]);
    expect((await fetch(`${base}/health/live`)).status).toBe(200);
  });
});
