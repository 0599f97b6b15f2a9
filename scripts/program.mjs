import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { launch, signalGroup } from './processes.mjs';

const TAIL_LINES = 20;

/** A long-running process with its output in a log file. The other processes of its group end with it. */
export class Program {
  #child;
  #ended;
  #isRunning = true;
  #isStopping = false;

  constructor(name, { command, args, env, log }) {
    this.name = name;
    this.log = log;
    mkdirSync(dirname(log), { recursive: true });
    const file = openSync(log, 'w');
    this.#child = launch(command, args, { env, stdio: ['ignore', file, file] });
    closeSync(file);
    this.#child.once('exit', () => signalGroup(this.pid, 'SIGKILL'));
    this.#ended = once(this.#child, 'close').then(
      ([code, signal]) => (signal ? `was ended by ${signal}` : `exited with code ${code}`),
      (error) => `could not be started: ${error.message}`,
    );
    void this.#ended.then(() => (this.#isRunning = false));
  }

  get pid() {
    return this.#child.pid;
  }

  /** Settles with the way it ended. Never rejects. */
  get ended() {
    return this.#ended;
  }

  /** True after it was asked to end. */
  get isStopping() {
    return this.#isStopping;
  }

  /** Asks it to end, and kills it after `graceMs`. */
  async stop(graceMs) {
    this.#isStopping = true;
    if (this.pid === undefined || !this.#isRunning) return;
    signalGroup(this.pid, 'SIGTERM');
    const timer = new AbortController();
    const late = sleep(graceMs, true, { signal: timer.signal, ref: false }).catch(() => false);
    if (await Promise.race([this.#ended.then(() => false), late])) signalGroup(this.pid, 'SIGKILL');
    timer.abort();
    await this.#ended;
  }

  /** Ends it as a crash does. */
  async kill() {
    this.#isStopping = true;
    if (this.pid === undefined || !this.#isRunning) return;
    signalGroup(this.pid, 'SIGKILL');
    await this.#ended;
  }

  lastLines() {
    return readFileSync(this.log, 'utf8').trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
  }
}
