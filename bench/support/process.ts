import { fork, spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { Weighed } from './weighed.js';

/** The repository; this file runs as dist/bench/support/process.js. */
export const ROOT = join(__dirname, '../../..');
const STOP_MS = 15_000;
const YOUNG_GENERATION = ['--min-semi-space-size=4', '--max-semi-space-size=4'];
/** Of what a process writes, so much is kept for error texts, characters. */
const TAIL = 4000;

const living = new Set<ChildProcess>();
process.on('exit', () => living.forEach((child) => child.kill('SIGKILL')));

/** A process that the benchmark has started. */
export class BenchProcess extends Weighed {
  private said = '';
  private readonly gone: Promise<void>;

  private constructor(
    readonly child: ChildProcess,
    private readonly isNode: boolean,
  ) {
    super(child.pid ?? 0);
    living.add(child);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.said = (this.said + text).slice(-TAIL)));
    }
    this.gone = new Promise((resolve) =>
      child.once('close', () => {
        living.delete(child);
        resolve();
      }),
    );
  }

  /**
   * A built file of this repository. `--expose-gc` and the hook let memory be weighed without its garbage. The young
   * generation is for all, ours and bare, what Pollcast's start scripts make it.
   */
  static node(file: string, env: Readonly<Record<string, string>> = {}): BenchProcess {
    const hook = join(ROOT, 'dist/bench/support/gc-hook.js');
    const more = (process.env['BENCH_NODE_FLAGS'] ?? '').split(' ').filter(Boolean);
    const child = fork(join(ROOT, 'dist', file), [], {
      env: { PATH: process.env['PATH'] ?? '', ...env },
      execArgv: [...YOUNG_GENERATION, '--expose-gc', '--require', hook, ...more],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    return new BenchProcess(child, true);
  }

  static command(path: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): BenchProcess {
    const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    return new BenchProcess(child, false);
  }

  /** The last things it wrote. */
  get tail(): string {
    return this.said;
  }

  override async settledMemory(): Promise<number> {
    if (this.isNode) this.child.kill('SIGUSR2');
    return super.settledMemory();
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.gone;
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
    await this.gone;
    clearTimeout(timer);
  }
}
