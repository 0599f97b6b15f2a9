import { setTimeout as sleep } from 'node:timers/promises';
import { BenchProcess } from '../support/process.js';
import type { LoadCommand, Report } from './commands.js';

type Answer = { readonly done: Report } | { readonly error: string };

/** The load client as the benchmark sees it. */
export class LoadClient {
  private readonly process = BenchProcess.node('bench/load/main.js');

  /** CPU time so far, microseconds. If it is near the whole of one core, the client is the bottleneck. */
  get cpuUs(): number {
    return this.process.cpuUs;
  }

  run(command: LoadCommand): Promise<Report> {
    return new Promise((resolve, reject) => {
      this.process.child.once('message', (answer: Answer) => {
        if ('done' in answer) resolve(answer.done);
        else reject(new Error(answer.error));
      });
      this.process.child.send(command);
    });
  }

  /** Resolves when `delivered` messages were delivered, or nothing more arrived for `idleMs`. */
  async until(delivered: number, idleMs = 3000): Promise<Report> {
    let last = await this.run({ kind: 'report' });
    let changedAt = Date.now();
    while (last.delivered < delivered && Date.now() - changedAt < idleMs) {
      await sleep(50);
      const report = await this.run({ kind: 'report' });
      if (report.delivered !== last.delivered) changedAt = Date.now();
      last = report;
    }
    return last;
  }

  stop(): Promise<void> {
    return this.process.stop();
  }
}
