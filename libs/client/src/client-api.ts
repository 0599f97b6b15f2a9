import type {
  Backfilled,
  ConnectionState,
  Gap,
  GatewayEvent,
  Ready,
  Revoked,
  TicketMessage,
  TicketStatus,
  TicketUnread,
  Transport,
  UpstreamState,
} from './events.js';
import type { PositionStore } from './store.js';

export interface ConnectOptions {
  /** The gateway: `https://push.example`, or an empty text for the page's own origin. */
  readonly url: string;
  /** The token, or how to get one. `fresh` is true if the last one was refused or ends soon. Absent: a cookie, or none. */
  readonly token?: string | ((how: { readonly fresh: boolean }) => string | Promise<string>);
  /** `auto` (default): SSE by `fetch`, or by `EventSource` where that is missing; then Socket.IO, if `socketIo` is given. */
  readonly transport?: 'auto' | Exclude<Transport, 'tabs'>;
  /** `io` of socket.io-client, or how to load it: `() => import('socket.io-client').then(({ io }) => io)`. */
  readonly socketIo?: () => unknown;
  /**
   * Tabs of one user share a connection unless this is false. Who the user is, the token says: all of its claims but its times.
   * Where a cookie says it, or a token that is no JWT, name the user here: any text that no other user has.
   */
  readonly tabs?: boolean | string;
  /** Where the position is kept over a reload; absent: nowhere. */
  readonly store?: PositionStore;
  readonly groupId?: string;
  readonly language?: string;
  /** How many of the last events of a ticket come first: 0 to 1000, 50 unless given. */
  readonly history?: number;
  /** Whether the unread counts of the tickets are told: those of the gateway's account. */
  readonly unread?: boolean;
  /** Longest silence of a connection, ms: three heartbeats of the gateway. 45,000 unless given. */
  readonly silenceMs?: number;
  /** Longest time to wait for the first event of a connection, ms. 10,000 unless given. */
  readonly readyMs?: number;
  /** Longest delay between two attempts, ms. 30,000 unless given. */
  readonly retryMaxMs?: number;
  /** What a handler threw, and what a store refused. Otherwise it is reported as an uncaught error. */
  readonly onError?: (error: unknown) => void;
}

/** Each may be asynchronous: the next event waits, and the position is kept after it. */
export interface Handlers {
  readonly onMessage?: (event: TicketMessage) => unknown;
  readonly onStatus?: (event: TicketStatus) => unknown;
  readonly onUnread?: (event: TicketUnread) => unknown;
  readonly onGap?: (event: Gap) => unknown;
  readonly onUpstream?: (event: UpstreamState) => unknown;
  readonly onRevoked?: (event: Revoked) => unknown;
  readonly onBackfilled?: (event: Backfilled) => unknown;
  readonly onReady?: (event: Ready) => unknown;
}

export interface Subscription extends AsyncIterable<GatewayEvent> {
  unsubscribe(): void;
}

export interface Client {
  readonly state: ConnectionState;
  /** When the last byte of the present or the last connection came, heartbeats included, ms since 1970; 0: none yet. */
  readonly lastByteAt: number;
  /** Calls the listener at each change of the state. @returns how to stop that */
  onState(listener: (state: ConnectionState) => void): () => void;
  /** A ticket that is followed already is followed once: the new subscription gets the last events that came, then live ones. */
  subscribe(caseIds: string | readonly string[], handlers?: Handlers): Subscription;
  /** Tries again at once, also after `denied`. */
  retry(): void;
  close(): void;
}
