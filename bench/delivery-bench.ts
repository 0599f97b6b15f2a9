import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender, Posting } from './contenders/contender.js';
import type { LoadClient } from './load/load-client.js';
import type { Row } from './rows.js';
import { PeakMemory, type ConnectionMemory } from './support/peak-memory.js';

/** One measurement of one contender with one row. */
export interface Measured {
  readonly contender: string;
  readonly row: string;
  /** CPU of the serving process per delivery at the row's pace, microseconds. */
  readonly cpuUs: number;
  /** CPU per delivery during a burst, microseconds. */
  readonly saturatedCpuUs: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly acceptsPerSecond: number;
  /** Most while messages were delivered at the row's pace, and in the burst. */
  readonly memory: ConnectionMemory;
  /** Messages that did not arrive; `faults`: arrived twice or out of order. */
  readonly lost: number;
  readonly faults: number;
}

/** Deliveries of a burst. */
const BURST = 200_000;
/** Most publications of a burst. With many tickets the publications take most of the time. */
const BURST_PUBLICATIONS = 10_000;
/** Publications that are passed to a contender at once. */
const BATCH = 500;
/** Time before a measurement, seconds. V8 needs about three seconds to compile the code that new clients run. */
const WARM_UP_S = 4;
const AT_ONCE = 64;

/** Measures what a contender's deliveries cost. The messages of a ticket are numbered through all rows. */
export class DeliveryBench {
  private readonly numbers = new Map<number, number>();
  private next = 0;

  constructor(
    readonly contender: Contender,
    private readonly load: LoadClient,
  ) {}

  async measure(row: Row, seconds: number): Promise<Measured> {
    const { contender, load } = this;
    const { clients, tickets } = row;
    const [measured, memory] = await PeakMemory.during(contender.server, clients, async () => {
      const { opening } = await load.run({
        kind: 'open',
        plan: { ...contender.endpoint, clients, tickets, atOnce: AT_ONCE },
      });
      // A late message of the warm-up would be counted in the measurement and hide a loss.
      await load.until((await this.paced(row, WARM_UP_S)) * (clients / tickets));
      await load.run({ kind: 'clear' });
      const before = contender.server.cpuUs;
      const published = await this.paced(row, seconds);
      const expected = published * (clients / tickets);
      const paced = await load.until(expected);
      const cpuUs = (contender.server.cpuUs - before) / paced.delivered;
      await load.run({ kind: 'clear' });
      return { opening, expected, paced, cpuUs, burst: await this.burst(row) };
    });
    const { opening, expected, paced, cpuUs, burst } = measured;
    await load.run({ kind: 'close' });
    await sleep(500);
    return {
      contender: contender.name,
      row: row.name,
      cpuUs,
      ...burst,
      p50: paced.latencies.p50,
      p99: paced.latencies.p99,
      max: paced.latencies.max,
      acceptsPerSecond: clients / ((opening?.all ?? 0) / 1000),
      memory,
      lost: expected - paced.delivered + burst.lost,
      faults: paced.faults + burst.faults,
    };
  }

  /** Publishes at the row's pace. @returns the number of publications */
  private async paced(row: Row, seconds: number): Promise<number> {
    const each = Math.max(1, Math.round((row.pace * row.tickMs) / 1000 / (row.clients / row.tickets)));
    const ticks = Math.round((seconds * 1000) / row.tickMs);
    const startedAt = performance.now();
    for (let tick = 0; tick < ticks; tick += 1) {
      await this.contender.publish(this.postings(row, each));
      await sleep(Math.max(0, startedAt + (tick + 1) * row.tickMs - performance.now()));
    }
    return each * ticks;
  }

  private async burst(row: Row) {
    const { contender, load } = this;
    const count = Math.min(BURST_PUBLICATIONS, Math.floor(BURST / (row.clients / row.tickets)));
    const expected = count * (row.clients / row.tickets);
    const before = contender.server.cpuUs;
    for (let left = count; left > 0; left -= BATCH) {
      await contender.publish(this.postings(row, Math.min(BATCH, left)));
    }
    const { delivered, faults, firstAt, lastAt } = await load.until(expected, 10_000);
    return {
      saturatedCpuUs: (contender.server.cpuUs - before) / delivered,
      perSecond: (delivered / (lastAt - firstAt)) * 1000,
      lost: expected - delivered,
      faults,
    };
  }

  /** The next messages, one ticket after the other. */
  private postings({ tickets }: Row, count: number): Posting[] {
    return Array.from({ length: count }, () => {
      const ticket = this.next++ % tickets;
      const number = (this.numbers.get(ticket) ?? 0) + 1;
      this.numbers.set(ticket, number);
      return { ticket, number };
    });
  }
}
