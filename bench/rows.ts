/** One shape of load. */
export interface Row {
  readonly name: string;
  readonly tickets: number;
  readonly clients: number;
  /** Deliveries per second at which CPU and latency are measured. */
  readonly pace: number;
  /** How often something is published at that pace, ms. */
  readonly tickMs: number;
}

/** Everybody can do that, nobody is idle. */
const PACE_MOST = 10_000;
/** A poll brings each client one message at most: what several that leave in one write cost says nothing of one. */
const PACE_PER_CLIENT = 10;
const TICK_LEAST_MS = 20;

const NAME = /^(\d+)x(\d+)$/;

export const ROWS = '1x1000,1x5000,1000x5';
/** For a look in between: a tenth of the clients. */
export const QUICK_ROWS = '1x500,100x5';
/** Cost per delivery must not depend on how many there are. */
export const FLAT_ROWS = '1x500,1x2000,1x10000';

/** `1x1000,1000x5`: a ticket that a thousand clients want, a thousand tickets of five each. */
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
