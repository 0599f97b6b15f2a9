import type { Latencies } from './histogram.js';
import type { DialectName } from './dialect.js';

/** Connections to be made: client i wants ticket i modulo `tickets`. */
export interface Crowd {
  readonly dialect: DialectName;
  readonly port: number;
  readonly path: string;
  readonly clients: number;
  readonly tickets: number;
  /** Whether a stream is open only when the server has said so (`ready`, an acknowledgement). */
  readonly subscribes: boolean;
  /** Keep the last event id, to come back with it. */
  readonly keepsIds?: boolean;
  /** Keep each single delivery, to be asked for with `arrivals`. */
  readonly keepsArrivals?: boolean;
  /** Connections that are being made at the same time. */
  readonly atOnce: number;
}

export type Order =
  | { readonly kind: 'open'; readonly crowd: Crowd }
  /** Begin to count anew. */
  | { readonly kind: 'clear' }
  | { readonly kind: 'report' }
  | { readonly kind: 'arrivals' }
  | { readonly kind: 'cut' }
  /** Open again what was cut. */
  | { readonly kind: 'return'; readonly atOnce: number }
  | { readonly kind: 'close' };

/** How long it took to open each of some connections, ms, and all of them. */
export interface Opening {
  readonly all: number;
  readonly each: Latencies;
  /** How many were told that nothing is missing since their last event. */
  readonly recovered: number;
}

/** One delivery: the client's index, the message's number within its ticket, and when, by `exactMs`. */
export type Arrival = readonly [client: number, number: number, at: number];

export interface Report {
  readonly open: number;
  readonly delivered: number;
  readonly faults: number;
  /** When the first and the last delivery came, ms since 1970. */
  readonly firstAt: number;
  readonly lastAt: number;
  readonly latencies: Latencies;
  readonly opening: Opening | null;
  /** Of the crowd, where it keeps them and was asked for them. */
  readonly arrivals: readonly Arrival[] | null;
}

export const ticketName = (index: number) => `CASE-${index}`;
