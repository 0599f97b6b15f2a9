import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Ticks of /proc/<pid>/stat per second on Linux. */
const TICKS_PER_SECOND = 100;

/** A program of the bench or of Pollcast, in a process of its own. */
export class Child {
  private constructor(private readonly process: ChildProcess) {}

  /** Starts a compiled script, by its path below dist/. With `ready`, resolves with the first thing it says by IPC. */
  static async start(
    script: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv,
  ): Promise<{ child: Child; said: Record<string, unknown> | null }> {
    const child = fork(join(__dirname, '../..', script), args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const [said] = script.startsWith('bench') ? ((await once(child, 'message')) as [Record<string, unknown>]) : [null];
    return { child: new Child(child), said };
  }

  /** Asks for what was counted since it was last asked. */
  async ask<T>(): Promise<T> {
    this.process.send('count');
    const [answer] = (await once(this.process, 'message')) as [T];
    return answer;
  }

  /** CPU time so far, microseconds, user and system. */
  cpuUs(): number {
    return processCpuUs(this.process.pid ?? 0);
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null) {
      this.process.kill('SIGTERM');
      await once(this.process, 'exit');
    }
  }
}

export function processCpuUs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1e6;
}
