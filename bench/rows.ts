/** One kind of load: a number of tickets and of clients. */
export interface Row {
  readonly name: string;
  readonly tickets: number;
  readonly clients: number;
  /** Deliveries per second at which CPU and latency are measured. */
  readonly pace: number;
  /** Time between two groups of publications, ms. */
  readonly tickMs: number;
}

/** Most deliveries per second. Every contender reaches it, and none is idle. */
const PACE_MOST = 10_000;
/**
 * Most deliveries per second and client. So a poll finds at most one message per client, and each has a write of its
 * own.
 */
const PACE_PER_CLIENT = 10;
const TICK_LEAST_MS = 20;

const NAME = /^(\d+)x(\d+)$/;

export const ROWS = '1x1000,1x5000,1000x5';
/** For a quick look: a tenth of the clients. */
export const QUICK_ROWS = '1x500,100x5';
/** The cost per delivery must not depend on the number of clients. */
export const FLAT_ROWS = '1x500,1x2000,1x10000';

/** Reads rows. `1x1000,1000x5` is one ticket with a thousand clients, and a thousand tickets with five clients each. */
export function rowsOf(names: string): Row[] {
  return names.split(',').map((name) => {
    const [, tickets, each] = NAME.exec(name.trim())?.map(Number) ?? [];
    if (!tickets || !each) throw new Error(`a row is TICKETSxCLIENTS, as 1000x5; ${JSON.stringify(name)} is not`);
    const clients = tickets * each;
    const pace = Math.min(PACE_MOST, clients * PACE_PER_CLIENT);
    const tickMs = Math.max(TICK_LEAST_MS, (1000 * each) / pace);
    return { name: `${tickets.toLocaleString('en')} x ${each.toLocaleString('en')}`, tickets, clients, pace, tickMs };
  });
}
