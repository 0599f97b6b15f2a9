import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender, Posting } from './contenders/contender.js';
import type { LoadClient } from './load/load-client.js';
import type { Row } from './rows.js';

/** One contender on one row, once. */
export interface Measured {
  readonly contender: string;
  readonly row: string;
  /** Of the serving process, per delivery, at the measured pace. */
  readonly cpuUs: number;
  /** The same while as much as possible is delivered. */
  readonly saturatedCpuUs: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly acceptsPerSecond: number;
  /** Messages that did not come, came twice or came out of order. */
  readonly lost: number;
  readonly faults: number;
}

/** Deliveries of a saturating burst. */
const BURST = 200_000;
/** Publications of a saturating burst, at most: with many tickets it is these that cost. */
const BURST_PUBLICATIONS = 10_000;
/** Publications that are handed over at once. */
const HANDED = 500;
/** Before anything counts, seconds: V8 takes about three to compile what a new crowd runs, and most of it in the first. */
const WARM_UP_S = 4;
const AT_ONCE = 64;

/** A contender and the numbers of its tickets' messages, which go on from row to row. */
export class Stage {
  private readonly numbers = new Map<number, number>();
  private next = 0;

  constructor(
    readonly contender: Contender,
    private readonly load: LoadClient,
  ) {}

  async measure(row: Row, seconds: number): Promise<Measured> {
    const { contender, load } = this;
    const { clients, tickets } = row;
    const { opening } = await load.tell({
      kind: 'open',
      crowd: { ...contender.door, clients, tickets, atOnce: AT_ONCE },
    });
    // A warm-up that arrived late would be counted as what follows, and hide a loss there.
    await load.until((await this.paced(row, WARM_UP_S)) * (clients / tickets));
    await load.tell({ kind: 'clear' });
    const before = contender.server.cpuUs;
    const published = await this.paced(row, seconds);
    const expected = published * (clients / tickets);
    const paced = await load.until(expected);
    const cpuUs = (contender.server.cpuUs - before) / paced.delivered;
    await load.tell({ kind: 'clear' });
    const burst = await this.burst(row);
    await load.tell({ kind: 'close' });
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
      lost: expected - paced.delivered + burst.lost,
      faults: paced.faults + burst.faults,
    };
  }

  /** Publishes at the measured pace. @returns how many */
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
    for (let left = count; left > 0; left -= HANDED) {
      await contender.publish(this.postings(row, Math.min(HANDED, left)));
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
