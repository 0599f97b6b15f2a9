import { Queue } from 'bullmq';
import { Redis } from 'ioredis';

import { useDeployment } from './fixtures/use-deployment.js';
import { clientOf } from './harness/clients/clients.js';
import { tokenFor } from './harness/clients/tokens.js';
import { CONFIDENTIAL } from './harness/log-faults.js';
import { freshTickets } from './harness/upstream/traffic.js';

/** The user of Redis that the workers have, and its password. */
const [WORKER, PASSWORD] = ['worker', 'password-of-the-workers'];
/** Longest time until a client is told that its feed is not polled, ms. */
const TOLD_MS = 15_000;

/** No worker runs, so each gateway notices by itself that a feed is not polled. */
describe('a feed that nobody polls', () => {
  const deployment = useDeployment({
    workers: 2,
    // The slowest pace is the hardest case: at the moment of the fault the next poll is 5 s away.
    settings: { POLL_INTERVAL_MS: '500', POLL_INTERVAL_MAX_MS: '5000' },
    redis: ['--user', WORKER, 'on', `>${PASSWORD}`, '~*', '&*', '+@all'],
    workerSettings: ({ port }) => ({ REDIS_URL: `redis://${WORKER}:${PASSWORD}@127.0.0.1:${port}` }),
    allowedLogs: { stackTraces: true },
  });
  /** Gives the workers' user of Redis rights, or takes them, while it is connected. */
  const setRights = async (rights: string) => {
    const admin = new Redis(deployment.redis.url);
    await admin.acl('SETUSER', WORKER, rights);
    admin.disconnect();
  };
  const workers = () => [deployment.worker(0), deployment.worker(1)];
  const killAll = () => Promise.all(workers().map((worker) => worker.kill()));
  /** The queue, as a tool of an operator uses it. */
  const withQueue = async (act: (queue: Queue) => Promise<void>) => {
    const queue = new Queue('polls', { connection: { url: deployment.redis.url }, prefix: 'pollcast:{queue}' });
    await act(queue);
    await queue.close();
  };

  const ways: [way: string, reason: string, begin: () => Promise<unknown>, end: () => Promise<unknown>][] = [
    ['all workers are killed', 'not_polled', killAll, () => deployment.restore()],
    [
      'all workers are frozen',
      'not_polled',
      async () => workers().forEach((worker) => worker.signal('SIGSTOP')),
      async () => workers().forEach((worker) => worker.signal('SIGCONT')),
    ],
    [
      'the queue is paused and workers start',
      'not_polled',
      async () => {
        await withQueue((queue) => queue.pause());
        await killAll();
        await deployment.restore();
      },
      () => withQueue((queue) => queue.resume()),
    ],
    ['Redis takes the rights of the workers away', 'not_polled', () => setRights('resetkeys'), () => setRights('~*')],
    [
      'the upstream hangs',
      'upstream_timeout',
      () => deployment.upstream.inject({ kind: 'hang' }),
      () => deployment.upstream.clearFaults(),
    ],
  ];

  it.each(ways)(
    'is told as degraded within 15 s when %s, and as ok when it is over',
    async (_way, reason, begin, end) => {
      const { upstream } = deployment;
      const [caseId = ''] = freshTickets(1);
      const token = await tokenFor();
      const clients = (['sse', 'websocket'] as const).map((transport) =>
        clientOf(transport, { token, caseIds: [caseId] }),
      );
      await Promise.all(clients.map((client) => client.open(deployment.gateway().url)));
      await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} before` });
      await Promise.all(clients.map(({ recording }) => recording.count(1)));

      await begin();
      const begunAt = Date.now();
      const told = await Promise.all(clients.map(({ recording }) => recording.next('upstream')));
      expect(told.map(({ data: { state, reason } }) => [state, reason])).toEqual(
        clients.map(() => ['degraded', reason]),
      );
      expect(Date.now() - begunAt).toBeLessThanOrEqual(TOLD_MS);
      // A new client is told at once.
      const late = clientOf('sse', { token, caseIds: [caseId], history: 0 });
      await late.open(deployment.gateway().url);
      expect(late.recording.frames[0]).toMatchObject({ event: 'upstream', data: { state: 'degraded', reason } });

      await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} meanwhile` });
      await end();
      const all = [...clients, late];
      await Promise.all(all.map(({ recording }) => recording.next('upstream', ({ state }) => state === 'ok')));
      await Promise.all(clients.map(({ recording }) => recording.count(2)));
      clients.forEach(({ recording }) =>
        expect(recording.contents).toEqual([`${CONFIDENTIAL} before`, `${CONFIDENTIAL} meanwhile`]),
      );
      all.forEach((client) => client.close());
    },
  );
});
