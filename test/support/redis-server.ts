import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from './free-port.js';

/** Longest start of a server, ms. */
const START_MS = 10_000;

/**
 * A real Redis of a test's own, on a free loopback port with a temporary folder. The binary is the one that
 * `npm test` found or fetched (`REDIS_SERVER_BIN`, with its libraries in `REDIS_SERVER_LD`), else the one on PATH.
 */
export class RedisServer {
  private process: ChildProcess | null = null;

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

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it (again), on the same port and folder. */
  async up(): Promise<void> {
    const libraries = process.env['REDIS_SERVER_LD'];
    const child = spawn(
      process.env['REDIS_SERVER_BIN'] ?? 'redis-server',
      ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder, '--save', '', ...this.options],
      { stdio: 'ignore', env: { ...process.env, ...(libraries ? { LD_LIBRARY_PATH: libraries } : {}) } },
    );
    this.process = child;
    const failed = once(child, 'error').then(([error]) => {
      throw error;
    });
    await Promise.race([this.answers(), failed]);
    failed.catch(() => undefined);
  }

  /** Ends it as an operator would. */
  async down(): Promise<void> {
    await this.end('SIGTERM');
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Stops it in its tracks: connections stay open and nothing answers. */
  pause(): void {
    this.process?.kill('SIGSTOP');
  }

  resume(): void {
    this.process?.kill('SIGCONT');
  }

  /** Forgets what an append-only file kept. */
  async forget(): Promise<void> {
    await rm(join(this.folder, 'appendonlydir'), { recursive: true, force: true });
  }

  async dispose(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.process;
    this.process = null;
    if (child && child.exitCode === null && child.signalCode === null) {
      child.kill('SIGCONT');
      child.kill(signal);
      await once(child, 'exit');
    }
  }

  private async answers(): Promise<void> {
    const deadline = Date.now() + START_MS;
    while (!(await this.accepts())) {
      if (Date.now() > deadline) {
        throw new Error(`redis-server did not listen on port ${this.port} within ${START_MS} ms`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  private accepts(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = createConnection(this.port, '127.0.0.1');
      socket.setTimeout(200, () => resolve(false));
      socket.once('error', () => resolve(false));
      // A server that still loads its file answers with -LOADING.
      socket.once('connect', () => socket.write('PING\r\n'));
      socket.once('data', (data) => {
        socket.destroy();
        resolve(data.toString().startsWith('+PONG'));
      });
    });
  }
}
