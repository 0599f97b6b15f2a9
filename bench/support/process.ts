import { join } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import { OwnedProcess } from '../../test/harness/processes/owned-process.js';
import { ROOT } from '../../test/harness/processes/repository.js';
import { Weighed } from './weighed.js';

/** Longest orderly end, ms. */
const STOP_MS = 15_000;
/** The young generation of Pollcast's own start scripts: the bare servers get the same. */
const YOUNG_GENERATION = ['--min-semi-space-size=4', '--max-semi-space-size=4'];
/** Characters of its output that are kept for error texts. */
const KEPT = 4000;
const PATH = { PATH: process.env['PATH'] ?? '' };

/** A process that a benchmark starts and weighs. */
export class BenchProcess extends Weighed {
  private constructor(
    private readonly run: OwnedProcess,
    private readonly isNode: boolean,
  ) {
    super(run.pid);
  }

  /**
   * Runs a built file of this repository, with an IPC channel. `--expose-gc` and gc-hook let its memory be weighed
   * without its garbage.
   */
  static node(file: string, env: Readonly<Record<string, string>> = {}): BenchProcess {
    const hook = join(ROOT, 'dist/bench/support/gc-hook.js');
    const more = (process.env['BENCH_NODE_FLAGS'] ?? '').split(' ').filter(Boolean);
    const args = [...YOUNG_GENERATION, '--expose-gc', '--require', hook, ...more, join(ROOT, 'dist', file)];
    return new BenchProcess(
      new OwnedProcess(process.execPath, args, { env: { ...PATH, ...env }, ipc: true, keep: KEPT }),
      true,
    );
  }

  static command(path: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): BenchProcess {
    return new BenchProcess(new OwnedProcess(path, args, { env: { ...PATH, ...env }, keep: KEPT }), false);
  }

  /** Sends and receives over IPC. */
  get child(): ChildProcess {
    return this.run.child;
  }

  override async settledMemory(): Promise<number> {
    if (this.isNode) this.run.signal('SIGUSR2');
    return super.settledMemory();
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    await this.run.kill();
  }

  async stop(): Promise<void> {
    await this.run.stop(STOP_MS);
  }
}
