import type { ConnectionState, GatewayEvent, Refusal, Transport } from './events.js';

/** What happens to a client. `connection` is the number of the transport that it comes from; older ones are ignored. */
export type Input =
  | { readonly type: 'subscribe'; readonly caseIds: readonly string[] }
  | { readonly type: 'unsubscribe'; readonly caseIds: readonly string[] }
  | { readonly type: 'retry' }
  | { readonly type: 'close' }
  /** The store was read. */
  | { readonly type: 'restored'; readonly kept: Kept | null }
  /** @param expiresAt ms since 1970; null if unknown */
  | { readonly type: 'token'; readonly token: string | null; readonly expiresAt: number | null }
  | { readonly type: 'token-failed'; readonly message: string }
  | { readonly type: 'event'; readonly connection: number; readonly event: GatewayEvent }
  /** A byte came that is no event: a heartbeat. `reason`: why the tab with the connection has none at present. */
  | { readonly type: 'alive'; readonly connection: number; readonly reason?: string | undefined }
  | { readonly type: 'refused'; readonly connection: number; readonly refusal: Refusal }
  | { readonly type: 'ended'; readonly connection: number; readonly message: string }
  /** The handlers of the oldest delivered event have returned. */
  | { readonly type: 'handled' }
  | { readonly type: 'timer'; readonly name: TimerName }
  | { readonly type: 'online' }
  | { readonly type: 'offline' }
  /** The page was frozen, hidden or asleep, and is back. */
  | { readonly type: 'resumed' };

/** What is to be done, in this order. */
export type Effect =
  | { readonly type: 'restore' }
  | { readonly type: 'ask-token'; readonly fresh: boolean }
  | {
      readonly type: 'open';
      readonly connection: number;
      readonly transport: Transport;
      readonly token: string | null;
      readonly request: Request;
    }
  /** On an open Socket.IO connection. */
  | { readonly type: 'join'; readonly connection: number; readonly request: Request }
  | { readonly type: 'leave'; readonly connection: number; readonly caseIds: readonly string[] }
  | { readonly type: 'authenticate'; readonly connection: number; readonly token: string | null }
  | { readonly type: 'hang-up'; readonly connection: number }
  /** Run the handlers, one event after the other, and answer each with `handled`. */
  | { readonly type: 'deliver'; readonly event: GatewayEvent }
  | { readonly type: 'save'; readonly kept: Kept }
  | { readonly type: 'timer'; readonly name: TimerName; readonly ms: number }
  | { readonly type: 'stop-timer'; readonly name: TimerName }
  | { readonly type: 'state'; readonly state: ConnectionState };

/** What a store keeps: where to go on, and for which tickets. */
export interface Kept {
  readonly position: string;
  readonly caseIds: readonly string[];
}

export interface Request {
  readonly caseIds: readonly string[];
  /** Null: the last events of each ticket, and not what came after a position. */
  readonly position: string | null;
}

/**
 * - `plan`: tickets were added or removed in this tick.
 * - `retry`: the next connection is due.
 * - `ready`: the replay should have ended: something buffers the stream.
 * - `silence`: no byte came for too long.
 * - `renew`: the token ends soon.
 */
export type TimerName = 'plan' | 'retry' | 'ready' | 'silence' | 'renew';

export interface MachineOptions {
  /** In the order in which they are tried. */
  readonly transports: readonly Transport[];
  /** Longest silence of a connection, ms: three heartbeats. */
  readonly silenceMs: number;
  /** Longest time from a connection to the end of its replay's first event, ms. */
  readonly readyMs: number;
  /** Longest delay between two attempts, ms. */
  readonly retryMaxMs: number;
  /** From 0 up to, but not including, 1. */
  readonly random: () => number;
  /** ms since 1970. */
  readonly now: () => number;
}
