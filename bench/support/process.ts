import { join } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import { OwnedProcess } from '../../test/harness/processes/owned-process.js';
import { ROOT } from '../../test/harness/processes/repository.js';
import { MeasuredProcess } from './measured-process.js';
import { ASK_TURNS, type TurnLengths } from './turn-lengths.js';

/** Longest orderly end, ms. */
const STOP_MS = 15_000;
/** The young generation as in Pollcast's own start scripts. The bare servers get the same. */
const YOUNG_GENERATION = ['--min-semi-space-size=4', '--max-semi-space-size=4'];
/** Characters of output that are kept for error texts. */
const KEPT = 4000;
const PATH = { PATH: process.env['PATH'] ?? '' };

/** A process that a benchmark starts and measures. */
export class BenchProcess extends MeasuredProcess {
  private constructor(
    private readonly run: OwnedProcess,
    private readonly isNode: boolean,
  ) {
    super(run.pid);
  }

  /**
   * Runs a built file of this repository, with an IPC channel. With `--expose-gc` and gc-hook its memory is measured
   * without garbage.
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

  /** The process, for messages over IPC. */
  get child(): ChildProcess {
    return this.run.child;
  }

  override async settledMemory(): Promise<number> {
    if (this.isNode) this.run.signal('SIGUSR2');
    return super.settledMemory();
  }

  /** The turns of its event loop since the last call; since now, the first time. */
  turns(): Promise<TurnLengths> {
    return new Promise((resolve) => {
      const take = (message: Readonly<Record<string, TurnLengths>>) => {
        const turns = message[ASK_TURNS];
        if (turns !== undefined) {
          this.child.off('message', take);
          resolve(turns);
        }
      };
      this.child.on('message', take).send(ASK_TURNS);
    });
  }

  /** Kills it, as a crash would. */
  async kill(): Promise<void> {
    await this.run.kill();
    this.leaveGroup();
  }

  async stop(): Promise<void> {
    await this.run.stop(STOP_MS);
    this.leaveGroup();
  }
}
