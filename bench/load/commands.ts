import type { Latencies } from './histogram.js';
import type { DialectName } from './dialect.js';
import type { TokenPlan } from './tokens.js';

/** Connections to open. Client i subscribes to ticket i modulo `tickets`. */
export interface ConnectionPlan {
  readonly dialect: DialectName;
  readonly port: number;
  readonly path: string;
  /** Those of Pollcast with the shared secret unless given. */
  readonly tokens?: TokenPlan | undefined;
  readonly clients: number;
  readonly tickets: number;
  /** Whether a stream counts as open only after `ready` or an acknowledgement. */
  readonly subscribes: boolean;
  /** Whether clients keep their last event id, to resume with it. */
  readonly keepsIds?: boolean;
  /** Whether each single delivery is kept, for the command `arrivals`. */
  readonly keepsArrivals?: boolean;
  /** Connections that are opened at the same time. */
  readonly atOnce: number;
}

/** What a benchmark tells the load client to do. */
export type LoadCommand =
  | { readonly kind: 'open'; readonly plan: ConnectionPlan }
  /** Set all counters to 0. */
  | { readonly kind: 'clear' }
  | { readonly kind: 'report' }
  | { readonly kind: 'arrivals' }
  | { readonly kind: 'cut' }
  /** Open the connections again that were cut. */
  | { readonly kind: 'reopen'; readonly atOnce: number }
  | { readonly kind: 'close' };

/** How long it took to open connections, ms: `each` of them, and `all` together. */
export interface Opening {
  readonly all: number;
  readonly each: Latencies;
  /** How many the server told that nothing is missing since their last event. */
  readonly recovered: number;
}

/** One delivery: the client's index, the message's number within its ticket, and the time (`exactMs`). */
export type Arrival = readonly [client: number, number: number, at: number];

export interface Report {
  readonly open: number;
  readonly delivered: number;
  readonly faults: number;
  /** Times of the first and the last delivery, ms since 1970. */
  readonly firstAt: number;
  readonly lastAt: number;
  readonly latencies: Latencies;
  readonly opening: Opening | null;
  /** All deliveries, after the command `arrivals`; null if they are not kept. */
  readonly arrivals: readonly Arrival[] | null;
}

export const ticketName = (index: number) => `CASE-${index}`;
