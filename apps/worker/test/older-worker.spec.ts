import { randomUUID } from 'node:crypto';

import { feedKey, type OlderOutcome, type OlderReader, type OlderWant } from '#core';
import {
  connectRedis,
  Keys,
  OLDER_QUEUE,
  OlderParts,
  RedisOlderMessages,
  type OlderJob,
  type RedisClient,
} from '#redis';
import { ManualClock } from '#testing';
import { Queue } from 'bullmq';

import { RedisServer } from '../../../test/harness/processes/redis-server.js';
import { until } from '../../../test/harness/until.js';
import { OlderWorker } from '../src/older-worker.js';

const FEED = feedKey({ language: 'en-us' });
const WITHIN_MS = 5000;
const OUTCOME: OlderOutcome = { kind: 'part', part: { answeredAt: 1, messages: [], next: null, cut: null } };

/** Gateways that ask for older messages, and the worker that asks the upstream for them. */
describe('OlderWorker', () => {
  jest.setTimeout(15_000);

  let server: RedisServer;
  let clients: RedisClient[];
  let clock: ManualClock;
  let gateways: RedisOlderMessages[];
  let queue: Queue<OlderJob>;
  let kept: OlderParts;
  let worker: OlderWorker;
  const read = jest.fn<ReturnType<OlderReader['read']>, Parameters<OlderReader['read']>>();
  const onError = jest.fn<void, [Error]>();

  const wantOf = (caseId: string): OlderWant => ({ caseId, before: 1_700_000_000, type: 0 });
  const ask = (at: number, caseId = 'a', withinMs = WITHIN_MS) =>
    (gateways[at] as RedisOlderMessages).read(FEED, wantOf(caseId), withinMs);
  const isQueueEmpty = async () => Object.values(await queue.getJobCounts()).every((count) => count === 0);

  beforeAll(async () => void (server = await RedisServer.start()));
  afterAll(() => server.dispose());
  beforeEach(() => {
    jest.resetAllMocks();
    read.mockResolvedValue(OUTCOME);
    const keys = new Keys(`test-${randomUUID()}`);
    const settings = { redisUrl: server.url, redisPrefix: '' };
    const [commands, bull] = [
      connectRedis(settings, 'impatient', () => undefined),
      connectRedis(settings, 'patient', () => undefined),
    ] as const;
    clients = [commands, bull];
    clock = new ManualClock();
    gateways = [1, 2].map(() => new RedisOlderMessages({ commands, bull, keys, clock, onError }));
    queue = new Queue(OLDER_QUEUE, { connection: bull, prefix: keys.queuePrefix });
    kept = new OlderParts(commands, keys, clock);
    worker = new OlderWorker({ bull, keys, clock, kept, reader: { read }, onError });
  });
  afterEach(async () => {
    clock.advance(WITHIN_MS); // Nobody waits any more, also where a test has failed.
    await worker.stop();
    await Promise.all([...gateways, queue].map((each) => each.close()));
    clients.forEach((client) => client.disconnect());
  });

  it('asks once for a part, however many clients of however many gateways wait for it', async () => {
    const asked = [ask(0), ask(0), ask(1), ask(1, 'b')];
    worker.start();
    expect(await Promise.all(asked)).toEqual(asked.map(() => OUTCOME));
    const deadline = clock.now() + WITHIN_MS;
    expect(read.mock.calls.sort(([, one], [, other]) => (one.caseId < other.caseId ? -1 : 1))).toEqual([
      [FEED, wantOf('a'), deadline],
      [FEED, wantOf('b'), deadline],
    ]);
    expect(await ask(1)).toEqual(OUTCOME);
    expect(read).toHaveBeenCalledTimes(2);
    await until(isQueueEmpty);
    expect(onError).not.toHaveBeenCalled();
  });

  it('is waited for with one look at Redis at a time, however many clients of a gateway wait', async () => {
    const looks = jest.spyOn(clients[0] as RedisClient, 'hget');
    const asked = [ask(0), ask(0), ask(0)];
    expect(looks).toHaveBeenCalledTimes(1);
    clock.advance(WITHIN_MS);
    expect(await Promise.all(asked)).toEqual([null, null, null]);
  });

  it('asks again when what is kept has ended', async () => {
    worker.start();
    await ask(0);
    await until(isQueueEmpty);
    clock.advance(300_000);
    await ask(0);
    expect(read).toHaveBeenCalledTimes(2);
  });

  it('asks for nothing that nobody waits for any more', async () => {
    expect(await ask(0, 'a', 0)).toBeNull();
    worker.start();
    await ask(0, 'b');
    await until(isQueueEmpty);
    expect(read.mock.calls.map(([, { caseId }]) => caseId)).toEqual(['b']);
  });

  it('asks for nothing that is kept already', async () => {
    const job = { feed: FEED, want: wantOf('a'), until: clock.now() + WITHIN_MS };
    await kept.keep('part-x', OUTCOME);
    await queue.add('read', job, { jobId: 'part-x', removeOnComplete: true });
    worker.start();
    await until(isQueueEmpty);
    expect(read).not.toHaveBeenCalled();
  });

  it('reports a request that failed by a fault of its own, and runs the next one for the same part', async () => {
    const fault = new Error('not a failure of the upstream');
    read.mockRejectedValueOnce(fault);
    const asked = ask(0);
    worker.start();
    await until(() => onError.mock.calls.length > 0);
    expect(onError.mock.calls.map(([error]) => error.message)).toEqual([fault.message]);
    await until(isQueueEmpty);
    clock.advance(WITHIN_MS);
    expect(await asked).toBeNull();
    expect(await ask(0)).toEqual(OUTCOME);
  });

  it('ends when the request that runs has ended, and takes no more', async () => {
    let answer: (outcome: OlderOutcome) => void = () => undefined;
    read.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
    const asked = ask(0);
    worker.start();
    await until(() => read.mock.calls.length > 0);
    let hasStopped = false;
    const stopped = worker.stop().then(() => (hasStopped = true));
    const late = ask(0, 'b');
    await until(async () => (await queue.getJobCounts('wait')).wait === 1);
    expect(hasStopped).toBe(false);
    answer(OUTCOME);
    await stopped;
    expect(await asked).toEqual(OUTCOME);
    clock.advance(WITHIN_MS);
    expect(await late).toBeNull();
    expect(read).toHaveBeenCalledTimes(1);
  });
});
