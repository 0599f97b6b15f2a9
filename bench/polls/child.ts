import { once } from 'node:events';

import { BenchProcess } from '../support/process.js';

/** A program under measurement that counts what it does, and tells by IPC. */
export class Child {
  private constructor(private readonly process: BenchProcess) {}

  /** One of Pollcast's own programs. */
  static program(file: string, env: Readonly<Record<string, string>>): Child {
    return new Child(BenchProcess.node(file, env));
  }

  /** A script of this folder; resolves with the first thing that it says. */
  static async script(name: string, settings: object = {}): Promise<{ child: Child; said: Record<string, unknown> }> {
    const child = new Child(BenchProcess.node(`bench/polls/${name}.js`, { SETTINGS: JSON.stringify(settings) }));
    const [said] = (await once(child.process.child, 'message')) as [Record<string, unknown>];
    return { child, said };
  }

  /** Asks a script for what was counted since it was last asked. */
  async ask<T>(): Promise<T> {
    this.process.child.send('count');
    const [answer] = (await once(this.process.child, 'message')) as [T];
    return answer;
  }

  /** CPU time so far, microseconds, user and system. */
  get cpuUs(): number {
    return this.process.cpuUs;
  }

  async stop(): Promise<void> {
    await this.process.stop();
  }
}
