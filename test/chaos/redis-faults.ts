import { setTimeout as sleep } from 'node:timers/promises';

import { IN_GENERAL_MS, type Fault } from './fault.js';

/** Longest recovery after a restart with the append-only file, ms. */
const RESTART_MS = 5000;
/** Longest recovery after Redis has refused writes, ms. */
const REFUSED_MS = 5000;
/** Longest recovery after Redis has lost its data, ms. */
const FORGOT_MS = 5000;
/** An address where nobody listens. */
const NO_PRIMARY = ['127.0.0.1', '1'] as const;

/** Faults of Redis and of the network between Redis and the processes. */
export const REDIS_FAULTS: readonly Fault[] = [
  {
    name: 'Redis is stopped and comes back with its file',
    recoversWithinMs: RESTART_MS,
    async happen({ deployment: { redis }, random }) {
      const ms = random.integer(0, 3000);
      await redis.down();
      await sleep(ms);
      await redis.up();
    },
  },
  {
    name: 'Redis is killed and comes back with its file',
    recoversWithinMs: RESTART_MS,
    async happen({ deployment: { redis }, random }) {
      const ms = random.integer(0, 3000);
      await redis.kill();
      await sleep(ms);
      await redis.up();
    },
  },
  {
    name: 'Redis stands still',
    recoversWithinMs: IN_GENERAL_MS,
    async happen({ deployment: { redis }, random }) {
      const ms = random.integer(1000, 10_000);
      redis.pause();
      await sleep(ms);
      redis.resume();
    },
  },
  {
    name: 'Redis cuts its clients’ connections',
    recoversWithinMs: RESTART_MS,
    async happen({ deployment: { operator }, random }) {
      const kinds = Array.from({ length: 5 }, () => random.pick(['normal', 'pubsub'] as const));
      for (const kind of kinds) {
        await operator.call('CLIENT', 'KILL', 'TYPE', kind, 'SKIPME', 'yes');
        await sleep(200);
      }
    },
  },
  {
    name: 'Redis is full',
    recoversWithinMs: REFUSED_MS,
    async happen({ deployment: { operator }, random }) {
      const ms = random.integer(1000, 5000);
      await operator.config('SET', 'maxmemory', '1');
      await sleep(ms);
      await operator.config('SET', 'maxmemory', '0');
    },
  },
  {
    name: 'Redis is read-only',
    recoversWithinMs: REFUSED_MS,
    async happen({ deployment: { operator }, random }) {
      const ms = random.integer(1000, 5000);
      await operator.replicaof(...NO_PRIMARY);
      await sleep(ms);
      await operator.replicaof('NO', 'ONE');
    },
  },
  {
    name: 'Redis is emptied',
    recoversWithinMs: FORGOT_MS,
    losesData: true,
    alone: true,
    async happen({ deployment: { operator } }) {
      await operator.flushall();
    },
  },
  {
    name: 'Redis comes back empty',
    recoversWithinMs: FORGOT_MS,
    losesData: true,
    alone: true,
    async happen({ deployment: { redis } }) {
      await redis.kill();
      await redis.forget();
      await redis.up();
    },
  },
  {
    name: 'Redis comes back as it was a moment ago',
    recoversWithinMs: FORGOT_MS,
    losesData: true,
    alone: true,
    async happen({ deployment, random }) {
      await deployment.rollBack(random.integer(500, 3000));
    },
  },
  {
    name: 'Redis hands over to its replica',
    recoversWithinMs: RESTART_MS,
    alone: true,
    async happen({ deployment }) {
      await deployment.failOver('handover');
    },
  },
  {
    name: 'Redis is killed and its replica takes over',
    recoversWithinMs: RESTART_MS,
    losesData: true,
    alone: true,
    async happen({ deployment }) {
      await deployment.failOver('crash');
    },
  },
  ...(['gateways', 'workers'] as const).flatMap((role): Fault[] => [
    {
      name: `one of the ${role} is cut off from Redis`,
      recoversWithinMs: IN_GENERAL_MS,
      async happen({ deployment, random }) {
        const { link } = random.pick(deployment[role]);
        const ms = random.integer(500, 6000);
        link.cut();
        await sleep(ms);
        link.mend();
      },
    },
    {
      name: `one of the ${role} hears nothing from Redis`,
      recoversWithinMs: IN_GENERAL_MS,
      async happen({ deployment, random }) {
        const { link } = random.pick(deployment[role]);
        const [ms, dead] = [random.integer(1000, 9000), random.chance(0.5)];
        link.silence();
        await sleep(ms);
        link.mend(dead);
      },
    },
  ]),
];
