import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Registry, Counter, Histogram } from 'prom-client';
import type { FeedKey } from '#core';
import { figuresOf } from '#ops';
import { Refusal } from '#protocol';
import { OverviewStream } from './overview-stream.js';

const FEED = 'zh-cn' as FeedKey;
const NOW = 1_795_000_000_000;

function parts() {
  const asked: string[] = [];
  const reads = {
    overview: async () => ({
      ...{ at: NOW - 500, feeds: 1, sets: 1, tickets: 2, quarantined: 1, stalestSetMs: 700, stalestFeedMs: 700 },
      ...{ ages: [1], floor: 1, jobs: { waiting: 0, active: 0, delayed: 1 } },
    }),
    quotaOpensAt: async () => NOW + 3000,
    feedNames: async () => [FEED],
    feed: async () => ({
      ...{
        feed: FEED,
        sets: 1,
        tickets: 2,
        quarantined: 1,
        failing: 0,
        earliestDue: NOW,
        pausedAt: null,
        publications: 7,
      },
      upstream: { state: 'degraded' as const, since: NOW - 9000, reason: 'upstream_timeout' },
    }),
    sets: async () => [],
    quarantined: async () => [{ feed: FEED, caseId: 'T2', until: Number.POSITIVE_INFINITY, refusals: 3 }],
    feedsOf: async () => [],
    ticket: async () => Promise.reject(new Error('nobody asks')),
  };
  const survey = {
    ask: async ({ kind }: { kind: string }) => {
      asked.push(kind);
      const answer = { id: 'w1', figures: { upstream_requests_total: 5 } };
      return { answers: [{ role: 'worker' as const, process: 'host/1/a', answer }], silent: 0 };
    },
  };
  const onError = jest.fn();
  return { asked, onError, reads, parts: { reads, survey, clock: { now: () => NOW }, pollIntervalMs: 1000, onError } };
}

describe('the stream for operators', () => {
  let server: Server | undefined;
  const streams: AbortController[] = [];

  afterEach(() => {
    streams.splice(0).forEach((stream) => stream.abort());
    server?.close();
    server?.closeAllConnections();
    server = undefined;
  });

  /** @returns the events of one stream, as they come */
  async function watch(stream: OverviewStream): Promise<AsyncIterator<string>> {
    server ??= createServer((_, response) => stream.open(response));
    if (!server.listening) await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const end = new AbortController();
    streams.push(end);
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { signal: end.signal });
    return blocks(answer.body as unknown as AsyncIterable<Uint8Array>);
  }

  it('tells feeds, quarantined tickets and processes with what they count, and asks once for all who watch', async () => {
    const { asked, parts: given } = parts();
    const stream = new OverviewStream(given);
    const [one, other] = [await watch(stream), await watch(stream)];
    const [first, second] = [(await one.next()).value as string, (await other.next()).value as string];
    expect(first).toBe(second);
    expect(asked).toEqual(['figures']);
    const overview = JSON.parse(first.replace(/^retry: 2000\nevent: overview\ndata: /, '')) as Record<string, unknown>;
    expect(overview).toMatchObject({
      totals: { tickets: 2, stalest_set_ms: 1200, floor_per_interval: 1 },
      quota_opens_at: new Date(NOW + 3000).toISOString(),
      feeds: [{ feed: FEED, upstream: { state: 'degraded', reason: 'upstream_timeout' } }],
      quarantined: [{ feed: FEED, case_id: 'T2', until: null, refusals: 3 }],
      workers: [{ process: 'host/1/a', figures: { upstream_requests_total: 5 } }],
    });
  });

  it('says that the store is out of reach, in one line of the log', async () => {
    const { onError, reads, parts: given } = parts();
    reads.overview = () => Promise.reject(new Error('no Redis'));
    const stream = new OverviewStream(given);
    const told = await watch(stream);
    expect((await told.next()).value).toMatch(/^retry: 2000\nevent: unavailable\n/);
    expect((await told.next()).value).toMatch(/^event: unavailable\n/);
    expect(onError).toHaveBeenCalledTimes(1);
  });

  it('refuses the twenty-first', () => {
    const stream = new OverviewStream(parts().parts);
    const response = {
      writeHead: () => undefined,
      flushHeaders: () => undefined,
      on: () => undefined,
      write: () => true,
    };
    for (let count = 0; count < 20; count += 1) stream.open({ ...response, writableLength: 0 } as never);
    expect(() => stream.open({ ...response } as never)).toThrow(Refusal);
  });
});

describe('figures', () => {
  it('are numbers, numbers by label, and sum and count of a histogram', async () => {
    const registry = new Registry();
    registry.setDefaultLabels({ program: 'worker' });
    const registers = [registry];
    new Counter({ name: 'pollcast_plain_total', help: 'x', registers }).inc(3);
    const labelled = new Counter({ name: 'pollcast_failures_total', help: 'x', labelNames: ['code'], registers });
    labelled.labels('upstream_timeout').inc(2);
    new Histogram({ name: 'pollcast_wait_seconds', help: 'x', buckets: [1], registers }).observe(0.5);
    const names = ['plain_total', 'failures_total', 'wait_seconds', 'unknown_total'];
    expect(await figuresOf(registry, names, { upstream_max_rps: 10 })).toEqual({
      upstream_max_rps: 10,
      plain_total: 3,
      failures_total: { upstream_timeout: 2 },
      wait_seconds: { sum: 0.5, count: 1 },
    });
  });
});

async function* blocks(body: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, void> {
  let rest = '';
  for await (const part of body) {
    const all = (rest + Buffer.from(part).toString()).split('\n\n');
    rest = all.pop() ?? '';
    yield* all;
  }
}
