import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { Interest, type CaseId, type Clock, type Feed } from '#core';
import { Keys } from '#redis';
import { FakeUpstream } from '#testing';

import { RedisServer } from '../../../test/harness/processes/redis-server.js';
import { until } from '../../../test/harness/until.js';
import { LiveWorker } from './live-worker.js';

const FEED: Feed = { language: 'en-us' };
const INTERVAL_MS = 1000;
const MAX_RPS = 16;
/** Of the quota, as OPERATIONS.md says. */
const SHARE = 0.25;
/** Six sets of four: less than half of the quota. */
const HONEST: readonly CaseId[] = Array.from({ length: 24 }, (_, at) => `honest-${at}`);
const BOUNDS = { historyMaxEvents: 100, historyTtlS: 3600, upstreamMaxCaseIds: 4, pollIntervalMs: INTERVAL_MS };
const LINGER_MS = 30_000;
const INVENTED_MS = 4000;

const clock: Clock = { now: () => Date.now() };

/** A real worker and a real Redis, with a quota that a stranger would use up. */
describe('tickets that a stranger invents', () => {
  let server: RedisServer;
  const workers: LiveWorker[] = [];

  beforeAll(async () => void (server = await RedisServer.start()));
  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    await server.dispose();
  });

  // Both wait for seconds.
  it.concurrent.each<[string, number, (upstream: FakeUpstream, caseId: CaseId) => void, Feed | null]>([
    ['that the upstream refuses', 1, (upstream: FakeUpstream, caseId: CaseId) => upstream.refuse(caseId), FEED],
    ['of which it shows nothing, in groups of their own', 0, () => undefined, null],
  ])('%s leave the others their pace', async (_, firsts, invent, sharedFeed) => {
    const upstream = new FakeUpstream({ clock });
    const keys = new Keys(`test-${randomUUID()}`);
    const parts = { redisUrl: server.url, keys, clock, upstream, bounds: BOUNDS, onError: () => undefined };
    const worker = await LiveWorker.start({ ...parts, maxRps: MAX_RPS });
    workers.push(worker);
    worker.reconcile();
    const { registry, queue } = worker;
    const interest = new Interest({ registry, queue, clock }, LINGER_MS);
    HONEST.forEach((caseId) => upstream.setStatus(caseId, 1));
    await interest.acquire(FEED, HONEST);
    const polls = (isWanted: (caseId: CaseId) => boolean) =>
      upstream.requests.filter(({ caseIds }) => caseIds.some(isWanted));
    await until(() => HONEST.every((one) => polls((caseId) => caseId === one).length >= 2), 15_000, 'honest polls');
    await sleep(INTERVAL_MS);

    const sent = jest.spyOn(upstream, 'poll');
    const times: { readonly at: number; readonly caseIds: readonly CaseId[] }[] = [];
    sent.mockImplementation(async (request) => {
      times.push({ at: Date.now(), caseIds: request.caseIds });
      return FakeUpstream.prototype.poll.call(upstream, request);
    });
    const begun = Date.now();
    let number = 0;
    for (; Date.now() - begun < INVENTED_MS; number += 1) {
      const invented = Array.from({ length: BOUNDS.upstreamMaxCaseIds }, (__, at) => `invented-${number}-${at}`);
      invented.forEach((caseId) => invent(upstream, caseId));
      await interest.acquire(sharedFeed ?? { ...FEED, groupId: `invented-${number}` }, invented);
      await sleep(INTERVAL_MS / 4);
    }

    const isHonest = ({ caseIds }: { readonly caseIds: readonly CaseId[] }) =>
      caseIds.some((one) => HONEST.includes(one));
    const pauses = HONEST.map((caseId) => {
      const own = [begun, ...times.filter(({ caseIds }) => caseIds.includes(caseId)).map(({ at }) => at), Date.now()];
      return Math.max(...own.slice(1).map((at, index) => at - (own[index] ?? 0)));
    });
    expect(Math.max(...pauses)).toBeLessThan(2 * INTERVAL_MS);
    // The first request for new tickets is like any other, unless nothing is known of their whole feed.
    const strange = times.filter((one) => !isHonest(one)).length;
    expect(strange).toBeGreaterThan(0);
    expect(strange).toBeLessThanOrEqual(firsts * number + ((Date.now() - begun) / 1000) * MAX_RPS * SHARE + 1);
  });
});
