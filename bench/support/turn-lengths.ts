import { openSync, readSync } from 'node:fs';

/** Turns of an event loop, by the time for which its thread had a CPU and by the time for which it was ready and had none, ms. */
export interface TurnLengths {
  readonly turns: number;
  readonly ran: number;
  readonly waited: number;
  /** 99 % of {@link ran} was in turns that ran for no longer than this. */
  readonly p99: number;
  readonly longest: number;
}

/** IPC message to a measured process, which answers with the {@link TurnLengths} since the message before. */
export const ASK_TURNS = 'turns';

interface ThreadTimes {
  readonly ran: number;
  readonly waited: number;
}

/**
 * Measures each turn of this process's event loop, in CPU time. A turn that is long by the clock may have computed, or may have
 * waited for a CPU; only the first is a fault of the program. `perf_hooks` measures by the clock alone.
 */
export class TurnMeter {
  private readonly file = openSync('/proc/thread-self/schedstat', 'r');
  private readonly bytes = Buffer.alloc(96);
  private turns: number[] = [];
  private begun: ThreadTimes;
  private last: ThreadTimes;

  constructor() {
    this.begun = this.read();
    this.last = this.begun;
    this.nextTurn();
  }

  /** Since the last call. */
  take(): TurnLengths {
    const { begun, last } = this;
    const turns = this.turns.sort((a, b) => a - b);
    this.turns = [];
    this.begun = last;
    const ran = last.ran - begun.ran;
    let left = ran * 0.99;
    const p99 = turns.find((ms) => (left -= ms) <= 0) ?? Number.NaN;
    return { turns: turns.length, ran, waited: last.waited - begun.waited, p99, longest: turns.at(-1) ?? Number.NaN };
  }

  private readonly nextTurn = (): void => {
    const now = this.read();
    this.turns.push(now.ran - this.last.ran);
    this.last = now;
    // It comes once in each turn. `unref`: the loop sleeps although it waits.
    setImmediate(this.nextTurn).unref();
  };

  private read(): ThreadTimes {
    process.cpuUsage(); // The kernel brings `schedstat` up to date for it; otherwise it is some ms late.
    const length = readSync(this.file, this.bytes, 0, this.bytes.length, 0);
    const [ran = 0, waited = 0] = this.bytes.toString('latin1', 0, length).split(' ').map(Number);
    return { ran: ran / 1e6, waited: waited / 1e6 };
  }
}
