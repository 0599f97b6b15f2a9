/** The events of the gateway (PROTOCOL.md, section 2), as their data. Unknown members may come. */
export interface TicketMessage {
  readonly id: string;
  readonly case_id: string;
  readonly group_id?: string;
  /** The upstream's object, unchanged. Numbers beyond 2^53 lose digits in JavaScript. */
  readonly message: Readonly<Record<string, unknown>>;
  /** An instant in UTC; null if the upstream's time could not be read. */
  readonly sent_at: string | null;
  /** When the upstream's answer with the message came. */
  readonly seen_at: string;
}

export interface TicketStatus {
  readonly id: string;
  readonly case_id: string;
  readonly group_id?: string;
  /** 0: unread, 1: read. */
  readonly status: number;
  readonly seen_at: string;
}

/**
 * Events of these tickets are lost: show that something is missing. A gap with `before` is told only if the client could not
 * close it.
 */
export interface Gap {
  readonly case_ids: readonly string[];
  readonly reason: 'history_truncated' | 'unknown_position';
  /** What is lost is after the one and before the other. */
  readonly after?: string;
  readonly before?: string;
}

/** Polling of the upstream fails, or works again. Nothing is lost by it. */
export interface UpstreamState {
  readonly state: 'ok' | 'degraded';
  readonly reason?: string;
  readonly since: string;
}

/** These tickets are not delivered any more. `rights`: the token does not cover them. `upstream`: the upstream refuses them. */
export interface Revoked {
  readonly case_ids: readonly string[];
  readonly reason: 'rights' | 'upstream';
}

/** The end of a replay: everything up to `last_event_id` was delivered. */
export interface Ready {
  readonly case_ids: readonly string[];
  readonly language: string;
  readonly last_event_id: string;
  /** Whether a position was named and nothing is missing since then. */
  readonly recovered: boolean;
  readonly replayed: number;
  /** When the upstream last answered for these tickets; null if it has not yet. */
  readonly last_answer_at: string | null;
  /** Tickets whose first poll is still to come: nothing is known of them yet. Absent from an older gateway. */
  readonly pending?: readonly string[];
}

/** How many messages the account of the gateway has not read, only if `connect` asks for it: all clients see the same number. */
export interface TicketUnread {
  readonly id: string;
  readonly case_id: string;
  readonly group_id?: string;
  readonly unread_num: number;
  /** The upstream's own: 1 online, 0 offline; null if it does not say. */
  readonly status: number | null;
  readonly seen_at: string;
}

/** The first poll of these tickets is complete: what it found has come. */
export interface Backfilled {
  readonly case_ids: readonly string[];
}

export interface Closing {
  readonly reason: string;
  /** How long to wait before the next connection, ms. */
  readonly retry_ms: number;
}

export interface EventData {
  readonly message: TicketMessage;
  readonly status: TicketStatus;
  readonly unread: TicketUnread;
  readonly gap: Gap;
  readonly upstream: UpstreamState;
  readonly revoked: Revoked;
  readonly backfilled: Backfilled;
  readonly ready: Ready;
  readonly closing: Closing;
  readonly heartbeat: object;
}

/** One event with its name. */
export type GatewayEvent = {
  [Name in keyof EventData]: { readonly name: Name; readonly data: EventData[Name] };
}[keyof EventData];

/** What a gateway answers instead of a connection or a subscription (PROTOCOL.md, section 5). */
export interface Refusal {
  /** A code of PROTOCOL.md, or `network` if there was no answer. */
  readonly code: string;
  readonly message: string;
  /** The tickets that the token does not cover. */
  readonly caseIds?: readonly string[];
  /** How long to wait, ms. */
  readonly retryMs?: number;
}

/** A list of a connection's state, for people: what to show, and why. */
export type ConnectionState =
  /** No ticket is wanted. */
  | { readonly name: 'idle' }
  /** The first connection, or the next one. `reason` says why the last one ended. */
  | { readonly name: 'connecting'; readonly reason?: string; readonly retryInMs?: number }
  | { readonly name: 'live'; readonly transport: Transport }
  /** Connected, and the upstream is not answered from: messages come later. */
  | { readonly name: 'degraded'; readonly transport: Transport; readonly reason: string }
  /** The browser says that there is no network. */
  | { readonly name: 'offline' }
  /** The gateway refuses, and waiting does not help. `retry()` tries again. */
  | { readonly name: 'denied'; readonly reason: string; readonly message: string }
  | { readonly name: 'closed' };

/** `tabs`: the connection that the tabs of one user share, whatever carries it. */
export type Transport = 'tabs' | 'sse' | 'event-source' | 'socket.io';
