import { join } from 'node:path';

import { JWT_SECRET } from './harness/clients/tokens.js';
import { CONFIDENTIAL } from './harness/log-faults.js';
import { Program, type Settings } from './harness/processes/program.js';
import { RedisServer } from './harness/processes/redis-server.js';

const NODE_OPTIONS = `--require=${join(__dirname, 'fixtures/throws-at-sigusr2.cjs')}`;

/** An error that nothing caught ends a program. Node by itself would print all that hangs on it. */
describe('an error that nothing caught', () => {
  let redis: RedisServer;
  beforeAll(async () => void (redis = await RedisServer.start()));
  afterAll(() => redis.dispose());

  it.each<[Program['app'], Settings]>([
    ['worker', { UPSTREAM_BASE_URL: 'http://127.0.0.1:9', UPSTREAM_TOKEN: 'unused' }],
    ['gateway', { AUTH_JWT_SECRET: JWT_SECRET }],
    ['simulator', { SIMULATOR_TOKEN: 'unused' }],
  ])('ends a %s with one line in its log, without what the error carries', async (app, settings) => {
    const program = await Program.create(app, app, { ...settings, REDIS_URL: redis.url, NODE_OPTIONS });
    await program.start();
    program.signal('SIGUSR2');
    expect(await program.ended()).toBe(1);
    const fatal = program.stdout
      .split('\n')
      .filter((line) => line.includes('"level":"fatal"') || line.includes('"level":60'));
    expect(fatal).toHaveLength(1);
    expect(JSON.parse(fatal[0] ?? '')).toMatchObject({ msg: 'an error that nothing caught ends the program' });
    expect(program.stdout).not.toContain(CONFIDENTIAL);
    expect(program.stderr).toBe('');
  });
});
