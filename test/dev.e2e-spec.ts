import { join } from 'node:path';

import { exchange } from './harness/clients/exchange.js';
import { JWT_SECRET } from './harness/clients/tokens.js';
import { alive, descendantsOf } from './harness/processes/descendants.js';
import { OwnedProcess } from './harness/processes/owned-process.js';
import { freePort } from './harness/processes/ports.js';
import { RedisServer } from './harness/processes/redis-server.js';
import { RepositoryCopy } from './harness/processes/repository-copy.js';
import { ScriptRun } from './harness/processes/script-run.js';
import { until } from './harness/until.js';

/** Longest compilation of everything and start of all programs on a busy machine, ms. */
const START_MS = 180_000;
/** Longest compilation of a change and restart of the programs that load it, ms. */
const RESTART_MS = 60_000;

describe('a source file that is changed', () => {
  let copy: RepositoryCopy;

  beforeEach(() => (copy = new RepositoryCopy()));
  afterEach(() => copy.remove());

  it(
    'starts exactly those programs again that load it, under npm run dev',
    async () => {
      const port = await freePort();
      const dev = new ScriptRun('dev.mjs', { PORT: String(port) }, copy.root);
      try {
        await dev.untilPrinted(/^Pollcast is ready at .+\n(.+\n)+(curl|node) .+$/m, START_MS);
        await dev.untilPrinted(/A program starts again when/, RESTART_MS);

        const before = dev.descendants;
        copy.append('apps/worker/src/main.ts', 'export const changed = 1;\n');
        await dev.untilPrinted(/worker is ready/, RESTART_MS);
        const after = dev.descendants;
        // One process was replaced; all others are the same: Redis, simulator, gateway, compiler, watchdog.
        expect(before.filter((pid) => !after.includes(pid))).toHaveLength(1);
        expect(after.filter((pid) => !before.includes(pid))).toHaveLength(1);

        copy.append('libs/redis/src/lua/want.lua', '-- changed\n');
        await dev.untilPrinted(/gateway is ready/, RESTART_MS);
        copy.append('apps/simulator/src/main.ts', "export const wrong: number = 'a text';\n");
        await dev.untilPrinted(/apps\/simulator\/src\/main\.ts.+ error TS2322/, RESTART_MS);
        // Vite builds the console while the compiler finds an error somewhere else.
        copy.append('apps/console/src/main.tsx', 'document.title = `changed under npm run dev`;\n');
        await dev.untilPrinted(/the console changed: gateway starts again\ngateway is ready: reload/, RESTART_MS);
        expect(await consoleScripts(port)).toContain('changed under npm run dev');
        const restarts = [...dev.printed.matchAll(/^(\S+) changed: (\w+) starts again$/gm)].map(([, ...what]) => what);
        expect(restarts).toEqual([
          ['apps/worker/src/main.js', 'worker'],
          ['libs/redis/src/lua/want.lua', 'worker'],
          ['libs/redis/src/lua/want.lua', 'gateway'],
        ]);
        expect((await exchange(`http://127.0.0.1:${port}/health/ready`)).status).toBe(200);

        expect(await dev.end('SIGINT')).toBe(0);
      } finally {
        await dev.kill();
      }
    },
    START_MS + 4 * RESTART_MS,
  );

  /** The script that the console's page loads first. */
  async function consoleScripts(port: number): Promise<string> {
    const page = await exchange(`http://127.0.0.1:${port}/`, { headers: { accept: 'text/html' } });
    const [, script = ''] = /<script[^>]+src="([^"]+)"/.exec(page.text) ?? [];
    return (await exchange(`http://127.0.0.1:${port}${script}`)).text;
  }

  it(
    'starts the program again under nest start --watch',
    async () => {
      const redis = await RedisServer.start();
      const port = await freePort();
      const env = {
        PATH: process.env['PATH'] ?? '',
        REDIS_URL: redis.url,
        AUTH_JWT_SECRET: JWT_SECRET,
        PORT: String(port),
      };
      const cli = join(copy.root, 'node_modules/@nestjs/cli/bin/nest.js');
      const nest = new OwnedProcess(process.execPath, [cli, 'start', 'gateway', '--watch'], { env, cwd: copy.root });
      const said = () => `${nest.stdout}\n${nest.stderr}`;
      const starts = (count: number, withinMs: number) =>
        until(
          () => said().split('gateway listening').length > count,
          withinMs,
          () => `start ${count} in:\n${said()}`,
        );
      // A gateway listens before it has tried Redis, so readiness comes a moment later.
      const ready = () =>
        until(
          async () => (await exchange(`http://127.0.0.1:${port}/health/ready`)).status === 200,
          RESTART_MS,
          () => `the gateway to be ready:\n${said()}`,
        );
      try {
        await starts(1, START_MS);
        await ready();
        copy.append('libs/core/src/index.ts', 'export const changed = 1;\n');
        await starts(2, RESTART_MS);
        await ready();
        // A terminal sends Ctrl-C to all of them: the CLI, its shell and the gateway.
        [nest.pid, ...descendantsOf(nest.pid)].forEach((pid) => process.kill(pid, 'SIGINT'));
        expect(await nest.ending).toBe(0);
      } finally {
        const left = descendantsOf(nest.pid);
        await nest.kill();
        alive(left).forEach((pid) => process.kill(pid, 'SIGKILL'));
        await redis.dispose();
      }
    },
    START_MS + 2 * RESTART_MS,
  );
});
