import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Redis } from 'ioredis';

import { JWT_SECRET } from './harness/clients/tokens.js';
import { OwnedProcess } from './harness/processes/owned-process.js';
import { freePort, untilListening } from './harness/processes/ports.js';
import { Program, type Settings } from './harness/processes/program.js';
import { RedisCluster } from './harness/processes/redis-cluster.js';
import { RedisSentinels } from './harness/processes/redis-sentinels.js';
import { RedisServer } from './harness/processes/redis-server.js';
import { until } from './harness/until.js';
import { cpuOf } from './states/cpu.js';
import { linesOf } from './states/log-lines.js';

/** Longest time until a program says what is wrong, ms. */
const SAID_MS = 60_000;
/** Time in which its processor time is counted, ms: shorter than the time between two summaries. */
const COUNTED_MS = 15_000;
/** What remains of a start, such as code that is compiled, is over after this long, ms. */
const STARTED_MS = 3000;
/** Most of a core that a program uses while it waits. */
const CPU_MAX = 0.05;

const UPSTREAM: Settings = { UPSTREAM_BASE_URL: 'http://127.0.0.1:9', UPSTREAM_TOKEN: 'unused' };
const SETTINGS = { worker: UPSTREAM, gateway: { AUTH_JWT_SECRET: JWT_SECRET } } as const;

/** A Redis that does not do what is needed, and what the line has to say. */
interface Refusal {
  readonly settings: Settings;
  readonly says: RegExp;
}

/** Programs that are started with a Redis which refuses what they need. */
describe('a program with a Redis that refuses what it needs', () => {
  const ended: (() => unknown)[] = [];
  const say = (line: string) => void process.stderr.write(`states  ${line}\n`);

  afterEach(async () => {
    for (const end of ended.splice(0).reverse()) await end();
  });
  const keep = <T extends { dispose(): unknown }>(server: T): T => {
    ended.push(() => server.dispose());
    return server;
  };

  async function denied(...rights: string[]): Promise<Refusal> {
    const server = keep(await RedisServer.start());
    await asOperator(server.url, (operator) => operator.call('ACL', 'SETUSER', 'pollcast', ...rights));
    return { settings: { REDIS_URL: server.limitedUrl }, says: /grant / };
  }

  const REFUSALS: Readonly<Record<string, () => Promise<Refusal>>> = {
    'the user may not run scripts (NOPERM)': () => denied('-evalsha'),
    'the user may not read the keys (NOPERM)': () => denied('resetkeys', '~other:*'),
    'it is a sentinel': async () => {
      const { ports } = keep(await RedisSentinels.start(1));
      return { settings: { REDIS_URL: `redis://127.0.0.1:${ports[0]}` }, says: /redis\+sentinel:\/\// };
    },
    'it is one node of a cluster': async () => {
      const [one = ''] = keep(await RedisCluster.start()).limitedUrl.split(',');
      return { settings: { REDIS_URL: one }, says: /REDIS_CLUSTER=true/ };
    },
    'it is a cluster of Redis 6.2': async () => {
      const port = await olderCluster(ended);
      const settings = { REDIS_URL: `redis://127.0.0.1:${port}`, REDIS_CLUSTER: 'true' };
      return { settings, says: /a cluster needs Redis 7/ };
    },
    'the database does not exist': async () => {
      const { limitedUrl } = keep(await RedisServer.start());
      return { settings: { REDIS_URL: `${limitedUrl}/99` }, says: /database/ };
    },
    'the layout of its keys is a newer one': async () => {
      const { url, limitedUrl } = keep(await RedisServer.start());
      await asOperator(url, (operator) => operator.set('pollcast:layout', '2'));
      return { settings: { REDIS_URL: limitedUrl }, says: /layout 2 of the keys, and this release has layout 1/ };
    },
  };

  it.each(Object.entries(REFUSALS))(
    'is not ready, says so in one line, and uses less than 5 % of a core: %s',
    async (what, begin) => {
      const { settings, says } = await begin();
      const programs = await Promise.all(
        (['worker', 'gateway'] as const).map((app) => Program.create(app, app, { ...SETTINGS[app], ...settings })),
      );
      programs.forEach((program) => ended.push(() => program.kill()));
      programs.forEach((program) => program.launch());
      const warned = (program: Program) => linesOf(program).filter(({ level }) => level !== 'info');
      for (const program of programs) {
        await until(
          () => warned(program).length > 0,
          SAID_MS,
          () => `a line\n${program.tail()}`,
        );
      }
      await sleep(STARTED_MS);
      const used = await Promise.all(programs.map(({ pid }) => cpuOf(pid ?? 0, COUNTED_MS)));
      for (const [at, program] of programs.entries()) {
        say(`${what}: the ${program.name} uses ${((used[at] ?? 1) * 100).toFixed(1)} % of a core, and says`);
        warned(program).forEach(({ text }) => say(`  ${text}`));
      }
      for (const [at, program] of programs.entries()) {
        expect(await program.isReady()).toBe(false);
        expect(warned(program).map(({ text }) => text)).toEqual([expect.stringMatching(says)]);
        expect(used[at]).toBeLessThan(CPU_MAX);
      }
    },
    180_000,
  );
});

async function asOperator(url: string, act: (operator: Redis) => Promise<unknown>): Promise<void> {
  const operator = new Redis(url);
  try {
    await act(operator);
  } finally {
    operator.disconnect();
  }
}

/** One node of Redis 6.2 that has all slots, without replicas. @param ended gets what ends it. @returns its port */
async function olderCluster(ended: (() => unknown)[]): Promise<number> {
  const command = process.env['REDIS_62_BIN'];
  if (command === undefined) throw new Error('npm run test:states fetches Redis 6.2, and names it in REDIS_62_BIN');
  const [port, folder] = [await freePort(), mkdtempSync(join(tmpdir(), 'pollcast-redis-62-'))];
  const options = [
    ...['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder, '--cluster-enabled', 'yes'],
    // A node that never met another one does not know its address.
    ...['--cluster-announce-ip', '127.0.0.1'],
  ];
  const server = new OwnedProcess(command, options, { env: {} });
  ended.push(async () => {
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  });
  await untilListening(port, 'Redis 6.2');
  await asOperator(`redis://127.0.0.1:${port}`, async (node) => {
    await node.cluster('ADDSLOTS', ...Array.from({ length: 16_384 }, (_, slot) => slot));
    await until(
      async () => (await node.cluster('INFO')).includes('cluster_state:ok'),
      SAID_MS,
      'the cluster to be well',
    );
  });
  return port;
}
