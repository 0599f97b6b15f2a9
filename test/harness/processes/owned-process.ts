import { spawn, type ChildProcess } from 'node:child_process';

import { ROOT } from './repository.js';

/** How a process ended: its exit code, or the signal that ended it. */
export type Ending = number | NodeJS.Signals;

export interface OwnedProcessOptions {
  /** The whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** The working directory; the root of the repository unless given. */
  readonly cwd?: string;
  /** Opens an IPC channel: `child.send()` and the event `message` work. */
  readonly ipc?: boolean;
  /** Characters of each output stream that are kept, the last ones; all of them unless given. */
  readonly keep?: number;
}

/** How long the output of a process that has ended is read, ms. A process that it started may hold it for ever. */
const OUTPUT_MS = 2000;

const alive = new Set<ChildProcess>();
process.on('exit', () => alive.forEach((child) => child.kill('SIGKILL')));

/**
 * A child process that never outlives this process.
 *
 * scripts/ has its own wrapper, port finder, Redis launcher and token maker (processes.mjs, port.mjs, redis-server.mjs,
 * demo-token.mjs). They run before anything is installed or compiled, so they cannot import the harness.
 */
export class OwnedProcess {
  stdout = '';
  stderr = '';
  readonly child: ChildProcess;
  /** Settles when the process has ended and its output is read, at most 2 s after its end. Never rejects. */
  readonly ending: Promise<Ending>;

  /** A command that cannot be started says so in {@link stderr}. */
  constructor(command: string, args: readonly string[], options: OwnedProcessOptions) {
    const { env, cwd = ROOT, ipc = false, keep = Infinity } = options;
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: ipc ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['ignore', 'pipe', 'pipe'],
    });
    alive.add(child);
    const kept = (text: string) => (text.length > keep ? text.slice(-keep) : text);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout = kept(this.stdout + text)));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr = kept(this.stderr + text)));
    child.on('error', (error) => (this.stderr = kept(`${this.stderr}${error.message}\n`)));
    child.once('exit', () =>
      setTimeout(() => [child.stdout, child.stderr].forEach((output) => output?.destroy()), OUTPUT_MS).unref(),
    );
    this.child = child;
    this.ending = new Promise((resolve) =>
      child.once('close', (code, signal) => {
        alive.delete(child);
        resolve(code ?? signal ?? 'SIGKILL');
      }),
    );
  }

  /** 0 if the command could not be started. */
  get pid(): number {
    return this.child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.child.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Ends it as a crash does. A stopped process ends as well. */
  async kill(): Promise<Ending> {
    this.child.kill('SIGKILL');
    return this.ending;
  }

  /** Ends it as an operator does. Kills it if it has not ended after `graceMs`. */
  async stop(graceMs: number): Promise<Ending> {
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), graceMs);
    const ending = await this.ending;
    clearTimeout(timer);
    return ending;
  }
}
