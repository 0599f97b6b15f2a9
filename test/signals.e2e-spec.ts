import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { JWT_SECRET } from './harness/clients/tokens.js';
import { descendantsOf } from './harness/processes/descendants.js';
import { freePort } from './harness/processes/ports.js';
import { Program, type Settings } from './harness/processes/program.js';
import { RedisServer } from './harness/processes/redis-server.js';
import { until } from './harness/until.js';

/** When a signal is sent, ms after the program has its signal handler: from that instant to long after the start. */
const AFTER_MS = [0, 50, 200, 500, 1000, 2500];
/**
 * When a signal is sent, ms after a process of a fleet has died: before, during and after the start of its replacement.
 */
const AFTER_DEATH_MS = [0, 500, 950, 1000, 1020, 1040, 1060, 1080, 1100, 1200, 1500, 2500];
/** Programs that start at the same time. More of them would only wait for each other. */
const AT_ONCE = 3;
/** Longest time until a program has its signal handler, or listens, on a busy machine, ms. */
const HANDLED_MS = 40_000;
/**
 * Longest orderly end, ms. No set is polled and no client is connected. A program that is loading loads to the end
 * first.
 */
const END_MS = 15_000;
/** Largest share of its start after which a program must have its signal handler. */
const SHARE_OF_START = 0.5;

/** The line that the preloaded file writes, in each process of a fleet. */
const HANDLES = /handles signals\n/g;

interface Subject {
  readonly what: string;
  readonly app: Program['app'];
  readonly settings: Settings;
  readonly needsRedis: boolean;
  /** Log lines: the program serves; its end has begun. */
  readonly listens: string;
  readonly stops: string;
}

const GATEWAY = {
  app: 'gateway',
  needsRedis: true,
  listens: 'gateway listening',
  stops: 'gateway draining',
} as const;
const SUBJECTS: readonly Subject[] = [
  {
    what: 'a worker',
    app: 'worker',
    settings: { UPSTREAM_BASE_URL: 'http://127.0.0.1:9', UPSTREAM_TOKEN: 'unused' },
    needsRedis: true,
    listens: 'worker listening',
    stops: 'worker stopping',
  },
  { what: 'a gateway', settings: { AUTH_JWT_SECRET: JWT_SECRET, DRAIN_MS: '200' }, ...GATEWAY },
  {
    what: 'a fleet of gateways',
    settings: { AUTH_JWT_SECRET: JWT_SECRET, DRAIN_MS: '200', GATEWAY_PROCESSES: '2' },
    ...GATEWAY,
  },
  {
    what: 'a simulator',
    app: 'simulator',
    settings: { SIMULATOR_TOKEN: 'unused' },
    needsRedis: false,
    listens: 'listening',
    stops: 'stopping',
  },
];

const NODE_OPTIONS = `--require=${join(__dirname, 'fixtures/tells-when-it-handles-signals.cjs')}`;

/** SIGTERM and SIGINT end a program in order at any instant of its life. */
describe('a program that is told to stop', () => {
  let redis: RedisServer;
  beforeAll(async () => void (redis = await RedisServer.start()));
  afterAll(() => redis.dispose());

  const create = ({ app, settings }: Subject, redisUrl: string) =>
    Program.create(app, app, { ...settings, REDIS_URL: redisUrl, NODE_OPTIONS });

  /** Waits until the program has its signal handler. Before that a signal ends Node at once, and nothing has begun. */
  const handled = (program: Program) =>
    until(
      () => program.stderr.search(HANDLES) >= 0,
      HANDLED_MS,
      () => `the program to handle signals\n${program.tail()}`,
    );

  /** Starts a program for each instant and sends it a signal. @returns for each, how it ended and its stderr */
  async function endings<T>(
    instants: readonly T[],
    programAt: (instant: T) => Promise<Program>,
  ): Promise<(readonly [T, unknown, string])[]> {
    const endingAt = async (instant: T, at: number) => {
      const program = await programAt(instant);
      program.signal(at % 2 === 0 ? 'SIGTERM' : 'SIGINT');
      return [instant, await program.ended(END_MS), program.stderr.replace(HANDLES, '')] as const;
    };
    const found: (readonly [T, unknown, string])[] = [];
    for (let at = 0; at < instants.length; at += AT_ONCE) {
      const some = instants.slice(at, at + AT_ONCE);
      found.push(...(await Promise.all(some.map((instant, next) => endingAt(instant, at + next)))));
    }
    return found;
  }
  const inOrder = (instants: readonly number[]) => instants.map((ms) => [ms, 0, '']);
  const endingsOf = (subject: Subject, redisUrl: string) =>
    endings(AFTER_MS, async (ms) => {
      const program = await create(subject, redisUrl);
      program.launch();
      await handled(program);
      await sleep(ms);
      return program;
    });

  describe.each(SUBJECTS)('$what', (subject) => {
    it('ends with 0 at any instant', async () => {
      expect(await endingsOf(subject, redis.url)).toEqual(inOrder(AFTER_MS));
    }, 240_000);

    it('is ended once, however many signals it gets', async () => {
      const program = await create(subject, redis.url);
      await program.start();
      program.signal('SIGTERM');
      program.signal('SIGINT');
      program.signal('SIGTERM');
      expect(await program.ended()).toBe(0);
      const processes = Number(subject.settings['GATEWAY_PROCESSES'] ?? 1);
      expect(program.stdout.split(subject.stops)).toHaveLength(1 + processes);
    });

    it('has its signal handler long before it is loaded', async () => {
      const program = await create(subject, redis.url);
      const launchedAt = performance.now();
      program.launch();
      await handled(program);
      const handledMs = performance.now() - launchedAt;
      await until(() => program.stdout.includes(subject.listens), HANDLED_MS, 'the program to listen');
      expect(handledMs).toBeLessThan(SHARE_OF_START * (performance.now() - launchedAt));
      await program.stop();
    });
  });

  describe.each(SUBJECTS.filter(({ needsRedis }) => needsRedis))('$what', (subject) => {
    it('ends with 0 at any instant while Redis is out of reach', async () => {
      expect(await endingsOf(subject, `redis://127.0.0.1:${await freePort()}`)).toEqual(inOrder(AFTER_MS));
    }, 240_000);

    it('ends with 0 at any instant while Redis is frozen', async () => {
      redis.pause();
      try {
        expect(await endingsOf(subject, redis.url)).toEqual(inOrder(AFTER_MS));
      } finally {
        redis.resume();
      }
    }, 240_000);
  });

  it('a fleet of gateways ends with 0 while a process that died is replaced', async () => {
    const fleet = SUBJECTS.find(({ settings }) => 'GATEWAY_PROCESSES' in settings);
    if (fleet === undefined) throw new Error('no fleet is among the programs');
    const found = await endings(AFTER_DEATH_MS, async (ms) => {
      const program = await create(fleet, redis.url);
      program.launch();
      const listening = () => program.stdout.split(fleet.listens).length - 1;
      await until(() => listening() === 2, HANDLED_MS, 'both processes to listen');
      const [member = 0] = descendantsOf(program.pid ?? 0);
      process.kill(member, 'SIGKILL');
      await until(
        () => program.stdout.includes('will be replaced'),
        HANDLED_MS,
        'the fleet to notice the dead process',
      );
      await sleep(ms);
      return program;
    });
    expect(found).toEqual(inOrder(AFTER_DEATH_MS));
  }, 300_000);

  it.each<[Program['app'], RegExp]>([
    ['worker', /^wrong settings:\n {2}UPSTREAM_BASE_URL is not set/],
    ['gateway', /^wrong settings:\n {2}AUTH_JWT_SECRET or AUTH_JWKS_URL must be set/],
    ['simulator', /^The settings are wrong:\n- PORT/],
  ])('a %s ends with 1 if it cannot start, and says why', async (app, reason) => {
    const wrong: Settings = app === 'simulator' ? { PORT: 'none' } : { UPSTREAM_TOKEN: 'unused' };
    const program = await Program.create(app, app, wrong);
    program.launch();
    expect(await program.ended(HANDLED_MS)).toBe(1);
    expect(program.stderr).toMatch(reason);
  });
});
