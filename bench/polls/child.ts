import { once } from 'node:events';

import { BenchProcess } from '../support/process.js';

/** A program under measurement. It counts what it does, and reports it over IPC. */
export class Child {
  private constructor(private readonly process: BenchProcess) {}

  /** One of Pollcast's own programs. */
  static program(file: string, env: Readonly<Record<string, string>>): Child {
    return new Child(BenchProcess.node(file, env));
  }

  /** Starts a script of this folder. Resolves with its first message. */
  static async script(name: string, settings: object = {}): Promise<{ child: Child; first: Record<string, unknown> }> {
    const child = new Child(BenchProcess.node(`bench/polls/${name}.js`, { SETTINGS: JSON.stringify(settings) }));
    const [first] = (await once(child.process.child, 'message')) as [Record<string, unknown>];
    return { child, first };
  }

  /** Asks a script for its counts since the last call. */
  async ask<T>(): Promise<T> {
    this.process.child.send('count');
    const [answer] = (await once(this.process.child, 'message')) as [T];
    return answer;
  }

  /** CPU time so far, microseconds, user and system. */
  get cpuUs(): number {
    return this.process.cpuUs;
  }

  /** Resident memory, bytes. */
  get memory(): number {
    return this.process.memory;
  }

  async stop(): Promise<void> {
    await this.process.stop();
  }
}
