import { setTimeout as sleep } from 'node:timers/promises';
import { BenchProcess } from '../support/process.js';
import type { Order, Report } from './orders.js';

type Answer = { readonly done: Report } | { readonly error: string };

/** The load client as the benchmark sees it. */
export class LoadClient {
  private readonly process = BenchProcess.node('bench/load/main.js');

  /** CPU time so far, microseconds: near all of one core's, the client is what is being measured. */
  get cpuUs(): number {
    return this.process.cpuUs;
  }

  tell(order: Order): Promise<Report> {
    return new Promise((resolve, reject) => {
      this.process.child.once('message', (answer: Answer) => {
        if ('done' in answer) resolve(answer.done);
        else reject(new Error(answer.error));
      });
      this.process.child.send(order);
    });
  }

  /** Resolves once so much was delivered, or nothing more came for a while. */
  async until(delivered: number, quietMs = 3000): Promise<Report> {
    let last = await this.tell({ kind: 'report' });
    let changedAt = Date.now();
    while (last.delivered < delivered && Date.now() - changedAt < quietMs) {
      await sleep(50);
      const report = await this.tell({ kind: 'report' });
      if (report.delivered !== last.delivered) changedAt = Date.now();
      last = report;
    }
    return last;
  }

  stop(): Promise<void> {
    return this.process.stop();
  }
}
