import { setTimeout as sleep } from 'node:timers/promises';

import { feedKey, type Next, type PollCycle, type SetRef } from '#core';
import { BullPollQueue, connectRedis, Keys, WorkerPresence, type RedisClient } from '#redis';

import { RedisServer } from '../../../test/harness/processes/redis-server.js';
import { until } from '../../../test/harness/until.js';
import { FairShare } from '../src/fair-share.js';
import { PollProcessor } from '../src/poll-processor.js';
import { PollSlots } from '../src/poll-slots.js';
import { PollWorker } from '../src/poll-worker.js';

const SETS = Array.from({ length: 20 }, (_, id): SetRef => ({ feed: feedKey({ language: 'en-us' }), id }));
const INTERVAL_MS = 100;
const PATIENCE_MS = 10_000;

/** A worker whose polls are counted by set. */
interface Counted {
  readonly worker: PollWorker;
  readonly share: FairShare;
  readonly polls: Map<number, number>;
}

/** The sets of a worker that is paused, with a real queue. */
describe('PollWorker', () => {
  const keys = new Keys('p');
  const clock = { now: () => Date.now() };
  let server: RedisServer;
  let client: RedisClient;
  let queue: BullPollQueue;
  let workers: Counted[];
  let errors: unknown[];
  const onError = (error: unknown) => void errors.push(error);

  beforeAll(async () => void (server = await RedisServer.start()));
  afterAll(() => server.dispose());
  beforeEach(async () => {
    errors = [];
    workers = [];
    client = connectRedis({ redisUrl: server.url, redisPrefix: '' }, 'patient', onError);
    await client.flushall();
    queue = new BullPollQueue(client, keys, clock, onError);
    await queue.wake(SETS.map((ref) => ({ ref, at: clock.now() })));
  });
  afterEach(async () => {
    await Promise.all(workers.map(({ worker }) => worker.stop()));
    await queue.close();
    client.disconnect();
    expect(errors).toEqual([]);
  });

  function create(): Counted {
    const polls = new Map<number, number>();
    const run = async ({ id }: SetRef): Promise<Next> => {
      polls.set(id, (polls.get(id) ?? 0) + 1);
      return { kind: 'again', at: clock.now() + INTERVAL_MS };
    };
    const cycle = { run, release: async () => undefined, changed: () => undefined } as unknown as PollCycle;
    const processor = new PollProcessor(cycle, clock, new PollSlots(200), onError);
    const presence = new WorkerPresence(client, keys, `worker ${workers.length}`);
    const announce = async () => workers.forEach(({ share: other }) => other.update());
    const share = new FairShare({ presence, queue, processor, clock, announce, onError });
    const created = { worker: new PollWorker(client, keys, processor, share, onError), polls, share };
    workers.push(created);
    return created;
  }
  const sum = ({ polls }: Counted) => [...polls.values()].reduce((all, count) => all + count, 0);
  const hasAll = ({ polls }: Counted) => SETS.every(({ id }) => (polls.get(id) ?? 0) >= 2);

  it('takes no set while it is paused from the start, and all of them when it resumes', async () => {
    const one = create();
    one.worker.pause();
    one.worker.start();
    await sleep(5 * INTERVAL_MS);
    expect([sum(one), one.worker.isRunning()]).toEqual([0, false]);
    expect(await client.hgetall(keys.workers)).toEqual({}); // The others count on no share of it.
    const resumed = jest.spyOn(PollProcessor.prototype, 'resume');
    await one.worker.resume();
    await until(() => hasAll(one), PATIENCE_MS, 'all sets to be polled');
    expect(one.worker.isRunning()).toBe(true);
    expect(resumed).toHaveBeenCalledTimes(1);
    resumed.mockRestore();
  });

  it('gives its sets to another worker when it is paused, and takes some again when it resumes', async () => {
    const [one, other] = [create(), create()];
    one.worker.start();
    await until(() => hasAll(one), PATIENCE_MS, 'all sets to be polled');
    one.worker.pause();
    other.worker.start();
    const pausedAt = Date.now();
    await until(() => hasAll(other), PATIENCE_MS, 'the other worker to poll all of them');
    expect(Date.now() - pausedAt).toBeLessThan(20 * INTERVAL_MS);
    const before = sum(one);
    await sleep(5 * INTERVAL_MS);
    expect(sum(one) - before).toBe(0);
    await one.worker.resume();
    other.worker.pause();
    one.polls.clear();
    await until(() => hasAll(one), PATIENCE_MS, 'the first worker to poll all of them again');
  });
});
