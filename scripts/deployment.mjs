import { setTimeout as sleep } from 'node:timers/promises';
import { Program } from './program.mjs';
import { Watchdog } from './watchdog.mjs';

const READY_TIMEOUT_MS = 60_000;
const READY_CHECK_MS = 100;

/** Programs that need each other: started in order, each when the one before is ready, and ended in reverse. */
export class Deployment {
  #programs = [];
  #watchdog;
  #graceMs;
  #stopping = false;
  #break;

  /** Rejects when a program ends that nobody asked to end. */
  broken = new Promise((_, reject) => (this.#break = reject));

  constructor({ folder, graceMs }) {
    this.#watchdog = new Watchdog(folder);
    this.#graceMs = graceMs;
    // Before anybody waits for it, a failure is seen by start() already.
    this.broken.catch(() => undefined);
  }

  async start(name, { ready, ...how }) {
    if (this.#stopping) throw new Error(`${name} is not started any more`);
    const program = new Program(name, how);
    this.#programs.push(program);
    if (program.pid !== undefined) this.#watchdog.guard(program.pid);
    void program.ended.then((end) => {
      if (!this.#stopping) this.#break(failure(program, end));
    });
    await Promise.race([this.broken, this.#untilReady(program, ready)]);
  }

  async stop() {
    this.#stopping = true;
    for (const program of this.#programs.reverse()) await program.stop(this.#graceMs);
    this.#watchdog.dismiss();
  }

  async #untilReady(program, ready) {
    const deadline = Date.now() + READY_TIMEOUT_MS;
    while (!(await ready())) {
      if (this.#stopping) throw new Error(`${program.name} was stopped before it was ready`);
      if (Date.now() > deadline) throw failure(program, `was not ready after ${READY_TIMEOUT_MS / 1000} s`);
      await sleep(READY_CHECK_MS);
    }
  }
}

function failure(program, what) {
  return new Error(`${program.name} ${what}. The last lines of ${program.log}:\n${program.lastLines()}`);
}
