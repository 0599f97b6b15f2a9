import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { until } from '../until.js';
import { documentedRights } from './documented-rights.js';
import { OwnedProcess } from './owned-process.js';
import { freePort } from './ports.js';

/** Longest start of a server, ms. */
const START_MS = 10_000;
/** Longest orderly end, ms. */
const STOP_MS = 10_000;
/** Longest answer to a PING before the server counts as not ready, ms. */
const PING_MS = 200;
/** Of the user with the documented rights. It must appear in no log. */
export const REDIS_PASSWORD = 'password-of-the-redis-user';
/** Characters of its log that are kept for error texts. */
const KEPT = 4000;

/** How the Redis that the tests use is started: it is the one on PATH without `REDIS_SERVER_BIN`. */
export function redisCommand(): { readonly command: string; readonly env: Readonly<Record<string, string>> } {
  const libraries = process.env['REDIS_SERVER_LD'];
  const env = { PATH: process.env['PATH'] ?? '', ...(libraries ? { LD_LIBRARY_PATH: libraries } : {}) };
  return { command: process.env['REDIS_SERVER_BIN'] ?? 'redis-server', env };
}

/**
 * A real Redis on a free port of 127.0.0.1, with a temporary folder. The binary is the one that `npm test` has found or
 * fetched (`REDIS_SERVER_BIN`, with its libraries in `REDIS_SERVER_LD`). Without these variables it is the one on PATH.
 */
export class RedisServer {
  private process: OwnedProcess | null = null;

  private constructor(
    readonly port: number,
    readonly folder: string,
    private readonly options: readonly string[],
  ) {}

  /** @param options further command line options, such as `--appendonly yes` */
  static async start(...options: string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), await mkdtemp(join(tmpdir(), 'pollcast-redis-')), options);
    await server.up();
    return server;
  }

  /** For a user who may do everything. */
  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** For a user with the rights that OPERATIONS.md names. */
  get limitedUrl(): string {
    return `redis://pollcast:${REDIS_PASSWORD}@127.0.0.1:${this.port}`;
  }

  /** 0 while it does not run. */
  get pid(): number {
    return this.process?.pid ?? 0;
  }

  /** Starts it, or starts it again on the same port and folder. @throws Error if it does not answer within 10 s */
  async up(): Promise<void> {
    const { command, env } = redisCommand();
    const args = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder, '--save', ''];
    args.push('--user', 'pollcast', 'on', `>${REDIS_PASSWORD}`, ...documentedRights());
    const run = new OwnedProcess(command, [...args, ...this.options], {
      env,
      keep: KEPT,
    });
    this.process = run;
    const said = () => `${run.stdout}${run.stderr}`;
    await until(
      async () => !run.isRunning || (await this.answers()),
      START_MS,
      () => `redis-server to listen on port ${this.port}; it wrote:\n${said()}`,
    );
    if (!run.isRunning) throw new Error(`redis-server ended with ${await run.ending}; it wrote:\n${said()}`);
  }

  /** Ends it as an operator does. */
  async down(): Promise<void> {
    await this.take()?.stop(STOP_MS);
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    await this.take()?.kill();
  }

  /** Freezes it: connections stay open and nothing is answered. */
  pause(): void {
    this.process?.signal('SIGSTOP');
  }

  resume(): void {
    this.process?.signal('SIGCONT');
  }

  /** Deletes its append-only file. */
  async forget(): Promise<void> {
    await rm(join(this.folder, 'appendonlydir'), { recursive: true, force: true });
  }

  async dispose(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  private take(): OwnedProcess | null {
    const run = this.process;
    this.process = null;
    run?.signal('SIGCONT');
    return run;
  }

  private answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = createConnection(this.port, '127.0.0.1');
      const settle = (answers: boolean) => {
        socket.destroy();
        resolve(answers);
      };
      socket.setTimeout(PING_MS, () => settle(false));
      socket.once('error', () => settle(false));
      socket.once('connect', () => socket.write('PING\r\n'));
      // A server that still loads its file answers -LOADING.
      socket.once('data', (data) => settle(data.toString().startsWith('+PONG')));
    });
  }
}
