import { setTimeout as sleep } from 'node:timers/promises';
import { Program } from './program.mjs';
import { Watchdog } from './watchdog.mjs';

const READY_TIMEOUT_MS = 60_000;
const READY_CHECK_MS = 100;

/**
 * Programs that need each other. They are started in order, each when the one before is ready, and ended in reverse.
 */
export class Deployment {
  /** In the order in which they were started; a program that is started again keeps its place. */
  #programs = new Map();
  #watchdog;
  #graceMs;
  #onEnd;
  #stopping = false;

  /** `onEnd` is called with an error and a name when a program ends that was ready and that nobody asked to end. */
  constructor({ folder, graceMs, onEnd }) {
    this.#watchdog = new Watchdog(folder);
    this.#graceMs = graceMs;
    this.#onEnd = onEnd;
  }

  /**
   * Starts a program, and resolves when it is ready. A program of that name that runs is ended before. Rejects when it
   * ends or is ended before it is ready.
   */
  async start(name, { ready, ...how }) {
    await this.#programs.get(name)?.stop(this.#graceMs);
    if (this.#stopping) throw new Error(`${name} is not started any more`);
    const program = new Program(name, how);
    this.#programs.set(name, program);
    if (program.pid !== undefined) this.#watchdog.guard(program.pid);
    let isReady = false;
    const ended = program.ended.then((end) => {
      if (program.pid !== undefined) this.#watchdog.release(program.pid);
      if (isReady && !program.isStopping) this.#onEnd(failure(program, end), name);
      return end;
    });
    await this.#untilReady(program, ready, ended);
    isReady = true;
  }

  /** Ends a program as a crash does. `onEnd` is not called: the caller starts the program again. */
  async kill(name) {
    await this.#programs.get(name)?.kill();
  }

  /** Adds another process that has to end if the script is killed. */
  guard(pid) {
    this.#watchdog.guard(pid);
  }

  async stop() {
    this.#stopping = true;
    for (const program of [...this.#programs.values()].reverse()) await program.stop(this.#graceMs);
    this.#watchdog.dismiss();
  }

  async #untilReady(program, ready, ended) {
    const deadline = Date.now() + READY_TIMEOUT_MS;
    let end;
    void ended.then((how) => (end = how));
    for (;;) {
      const isReady = await ready();
      if (program.isStopping) throw new Error(`${program.name} was stopped before it was ready`);
      if (end !== undefined) throw failure(program, end);
      if (isReady) return;
      if (Date.now() > deadline) throw failure(program, `was not ready after ${READY_TIMEOUT_MS / 1000} s`);
      await sleep(READY_CHECK_MS);
    }
  }
}

function failure(program, what) {
  return new Error(`${program.name} ${what}. The last lines of ${program.log}:\n${program.lastLines()}`);
}
