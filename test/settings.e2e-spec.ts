import type { Ending } from './harness/processes/owned-process.js';
import { Program, type Settings } from './harness/processes/program.js';
import { until } from './harness/until.js';

interface Case {
  readonly app: Program['app'];
  readonly what: string;
  /** Wrong settings. The error has to name each. */
  readonly wrong?: Settings;
  /** Missing settings. The error has to name each, too. */
  readonly missing?: readonly string[];
  /** Settings that are valid by themselves. */
  readonly right?: Settings;
}

const UPSTREAM: Settings = { UPSTREAM_BASE_URL: 'http://127.0.0.1:1' };

const CASES: readonly Case[] = [
  {
    app: 'gateway',
    what: 'everything is wrong at once',
    wrong: {
      PORT: '70000',
      REDIS_URL: 'http://user:hunter2@redis',
      REDIS_PREFIX: 'a b',
      LOG_LEVEL: 'loud',
      UPSTREAM_LANGUAGE: '!',
      POLL_INTERVAL_MS: 'fast',
      SUBSCRIPTION_LINGER_MS: '-1',
      HISTORY_MAX_EVENTS: '0',
      HISTORY_TTL_S: '1.5',
      AUTH_MODE: 'password',
      ALLOWED_ORIGINS: '*',
      MAX_CASES_PER_SUBSCRIPTION: '0',
      MAX_CONNECTIONS_PER_SUBJECT: 'many',
      SSE_HEARTBEAT_MS: '0',
      SLOW_CONSUMER_MAX_BYTES: '1',
      DRAIN_MS: '1e3',
    },
  },
  { app: 'gateway', what: 'nothing is set', missing: ['AUTH_JWT_SECRET', 'AUTH_JWKS_URL'] },
  { app: 'gateway', what: 'the secret is too short', wrong: { AUTH_JWT_SECRET: 'hunter2' } },
  {
    app: 'gateway',
    what: 'there are two kinds of key, one of them wrong',
    wrong: { AUTH_JWT_SECRET: 'hunter2-hunter2', AUTH_JWKS_URL: 'ftp://keys' },
  },
  {
    app: 'gateway',
    what: 'everybody would be let in in production',
    wrong: { AUTH_MODE: 'none' },
    right: { NODE_ENV: 'production' },
  },
  {
    app: 'worker',
    what: 'everything is wrong at once',
    wrong: {
      PORT: '-1',
      UPSTREAM_BASE_URL: 'osm.example',
      UPSTREAM_AUTH: 'basic',
      UPSTREAM_TIME_ZONE: 'Asia/Nowhere',
      UPSTREAM_SITE: '7',
      UPSTREAM_TIMEOUT_MS: '0',
      UPSTREAM_MAX_RPS: '-5',
      UPSTREAM_MAX_CASE_IDS: '101',
      POLL_INTERVAL_MAX_MS: '1000',
      POLL_OVERLAP_MS: 'two',
    },
    right: { POLL_INTERVAL_MS: '5000' },
  },
  { app: 'worker', what: 'nothing is set', missing: ['UPSTREAM_BASE_URL', 'UPSTREAM_TOKEN'] },
  {
    app: 'worker',
    what: 'nobody logs in',
    right: { ...UPSTREAM, UPSTREAM_AUTH: 'iam' },
    missing: ['IAM_BASE_URL', 'IAM_USERNAME', 'IAM_PASSWORD', 'IAM_DOMAIN'],
  },
  {
    app: 'worker',
    what: 'there are no keys to sign with',
    right: { ...UPSTREAM, UPSTREAM_AUTH: 'aksk' },
    missing: ['UPSTREAM_ACCESS_KEY', 'UPSTREAM_SECRET_KEY'],
  },
  { app: 'simulator', what: 'everything is wrong at once', wrong: { PORT: '99999', LOG_LEVEL: 'loud' } },
];

/** A program with a wrong setting does not start, and names the setting. */
describe('wrong settings', () => {
  const outcomes: Outcome[] = [];

  beforeAll(async () => {
    outcomes.push(...(await Promise.all(CASES.map(outcomeOf))));
  }, 60_000);

  it.each(CASES)('keep a $app from starting, and are named: $what', (each) => {
    const { ending, said } = outcomes[CASES.indexOf(each)] ?? { ending: 0, said: '' };
    const { wrong = {}, missing = [] } = each;
    expect(ending).toBeGreaterThan(0);
    expect([...Object.keys(wrong), ...missing].filter((name) => !said.includes(name))).toEqual([]);
    // Sentences without a stack trace. They name settings and no secret values.
    expect(said).not.toMatch(/\n\s+at .+:\d+:\d+/);
    expect(said).not.toContain('hunter2');
  });

  it('do not include AUTH_MODE=none outside production', async () => {
    const program = await Program.create('gateway', 'gateway', { AUTH_MODE: 'none', REDIS_URL: 'redis://127.0.0.1:1' });
    program.launch();
    try {
      // It waits for Redis. Its settings are valid.
      await until(
        () => program.stdout.includes('gateway listening'),
        20_000,
        () => program.tail(),
      );
      expect([program.isRunning, program.stderr]).toEqual([true, '']);
    } finally {
      await program.kill();
    }
  }, 30_000);
});

interface Outcome {
  readonly ending: Ending;
  readonly said: string;
}

async function outcomeOf({ app, right = {}, wrong = {} }: Case): Promise<Outcome> {
  const program = await Program.create(app, app, { ...right, ...wrong });
  program.launch();
  const ending = await program.ended(40_000);
  return { ending, said: `${program.stdout}${program.stderr}` };
}
