/** One shape of load. */
export interface Row {
  readonly name: string;
  readonly tickets: number;
  readonly clients: number;
  /** How often something is published at the measured pace, ms; with `PACE` this says how much at once. */
  readonly tickMs: number;
}

/** Deliveries per second at which CPU and latency are measured: everybody can do that, nobody is idle. */
export const PACE = 10_000;

const scaled = (name: string, tickets: number, each: number, tickMs: number): Row => ({
  name,
  tickets,
  clients: tickets * each,
  tickMs,
});

export const ROWS: readonly Row[] = [
  scaled('1 x 1,000', 1, 1000, 100),
  scaled('1 x 5,000', 1, 5000, 500),
  scaled('1,000 x 5', 1000, 5, 20),
];

/** For a look in between: a tenth of the clients. */
export const QUICK_ROWS: readonly Row[] = [scaled('1 x 500', 1, 500, 50), scaled('100 x 5', 100, 5, 20)];

/** Cost per delivery must not depend on how many there are. */
export const FLAT_ROWS: readonly Row[] = [500, 2000, 10_000].map((clients) =>
  scaled(`1 x ${clients.toLocaleString('en')}`, 1, clients, clients / 10),
);
