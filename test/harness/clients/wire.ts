/**
 * The events of PROTOCOL.md as types. They are not imported from libs/protocol: a client has PROTOCOL.md only, and a mistake
 * in the types of the product must not be in the tests, too.
 */
export interface MessageEvent {
  readonly id: string;
  readonly case_id: string;
  readonly group_id?: string;
  readonly message: Readonly<Record<string, unknown>>;
  readonly sent_at: string | null;
  readonly seen_at: string;
}

export interface StatusEvent {
  readonly id: string;
  readonly case_id: string;
  readonly status: number;
  readonly seen_at: string;
}

export interface GapEvent {
  readonly case_ids: readonly string[];
  readonly reason: 'history_truncated' | 'unknown_position';
  readonly after?: string;
  readonly before?: string;
}

export interface UpstreamEvent {
  readonly state: 'degraded' | 'ok';
  readonly reason?: string;
  readonly since: string;
}

export interface RevokedEvent {
  readonly case_ids: readonly string[];
  readonly reason: string;
}

export interface ClosingEvent {
  readonly reason: 'token_expired' | 'slow_consumer' | 'draining' | 'replaced' | 'unavailable';
  readonly retry_ms: number;
}

/** The SSE event `ready`. The acknowledgement of a Socket.IO `subscribe` has the same members. */
export interface Ready {
  readonly case_ids: readonly string[];
  readonly last_event_id: string;
  readonly recovered: boolean;
  readonly replayed: number;
  readonly last_answer_at: string | null;
  readonly language: string;
  readonly pending: readonly string[];
}

export interface UnreadEvent {
  readonly id: string;
  readonly case_id: string;
  readonly unread_num: number;
  readonly status: number | null;
  readonly seen_at: string;
}

export interface BackfilledEvent {
  readonly case_ids: readonly string[];
}

export interface SnapshotEvent {
  readonly id: string;
  readonly case_id: string;
  readonly status: number | null;
  readonly messages: readonly MessageEvent[];
  readonly revoked: boolean;
  readonly pending: boolean;
  readonly unread?: { readonly unread_num: number; readonly status: number | null } | null;
}

export interface EventMap {
  readonly message: MessageEvent;
  readonly status: StatusEvent;
  readonly gap: GapEvent;
  readonly upstream: UpstreamEvent;
  readonly revoked: RevokedEvent;
  readonly backfilled: BackfilledEvent;
  readonly snapshot: SnapshotEvent;
  readonly unread: UnreadEvent;
  readonly closing: ClosingEvent;
  readonly ready: Ready;
  readonly error: ErrorBody & { readonly request: string };
}
export type EventName = keyof EventMap;

/** The error in the acknowledgement of a refused Socket.IO request. */
export interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly case_ids?: readonly string[];
  readonly retry_ms?: number;
}
export type Ack<T extends object = object> =
  ({ readonly ok: true } & T) | { readonly ok: false; readonly error: ErrorBody };

/** An `application/problem+json` body. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly case_ids?: readonly string[];
}
