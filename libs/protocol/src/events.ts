import type { CaseId, GapReason } from '#core';
import type { RefusalCode } from './refusal.js';

/** An opaque position: at most 64 characters. Positions of one feed grow. */
export type EventId = string;
/** An ISO 8601 instant in UTC, such as `2026-11-23T13:48:18.000Z`. */
export type Instant = string;

/** Members of messages and statuses. `group_id` is present if the subscription named one. */
interface Placed {
  readonly id: EventId;
  readonly case_id: CaseId;
  readonly group_id?: string;
  /** When the poll that found the event was answered. */
  readonly seen_at: Instant;
}

export interface MessageData extends Placed {
  /** The upstream's object, unchanged. */
  readonly message: unknown;
  /** Its `create_time`; null if it could not be read. */
  readonly sent_at: Instant | null;
}

export interface StatusData extends Placed {
  /** 0 unread, 1 read. */
  readonly status: number;
}

export interface GapData {
  readonly case_ids: readonly CaseId[];
  readonly group_id?: string;
  readonly reason: GapReason;
  /** Where history is truncated: what is lost is after the one and before the other. Pages that go back have it (H7). */
  readonly after?: EventId;
  readonly before?: EventId;
}

export interface UpstreamData {
  readonly group_id?: string;
  readonly state: 'ok' | 'degraded';
  /** Why it is degraded; absent if it is not. */
  readonly reason?: string;
  readonly since: Instant;
}

/**
 * `rights`: the client's renewed token does not cover the tickets, or they were revoked. `upstream`: the upstream refuses them; the subscription
 * stays, and continues when the upstream answers for them again.
 */
export type RevokedReason = 'rights' | 'upstream';

export interface RevokedData {
  readonly case_ids: readonly CaseId[];
  readonly group_id?: string;
  readonly reason: RevokedReason;
}

/** The first poll of these tickets is complete: everything that it found came before. */
export interface BackfilledData {
  readonly case_ids: readonly CaseId[];
  readonly group_id?: string;
}

/** A ticket at one position: what a page shows of it. */
export interface SnapshotData {
  /** The position of the cut. Live events come from exactly there. */
  readonly id: EventId;
  readonly case_id: CaseId;
  readonly group_id?: string;
  /** 0 unread, 1 read; null: it is not known. */
  readonly status: number | null;
  /** The last messages, the oldest first. */
  readonly messages: readonly MessageData[];
  /** The upstream refuses the ticket. */
  readonly revoked: boolean;
  /** The first poll of the ticket is still to come: nothing is known of it yet. */
  readonly pending: boolean;
  /** Only if it was asked for; null: it is not known. */
  readonly unread?: Pick<UnreadData, 'unread_num' | 'status'> | null;
}

/** Why the server ends a connection. */
export type CloseReason = 'token_expired' | 'token_revoked' | 'slow_consumer' | 'draining' | 'replaced' | 'unavailable';

export interface ClosingData {
  readonly reason: CloseReason;
  /** How long to wait before connecting again, ms. */
  readonly retry_ms: number;
}

/** The end of a recovery: the SSE event `ready`, and the body of the Socket.IO acknowledgement. */
export interface ReadyData {
  readonly case_ids: readonly CaseId[];
  /** The language that is served, of those that the client named: one of `LANGUAGES`. */
  readonly language: string;
  /** The client has everything up to here, and misses nothing if it resumes from here. */
  readonly last_event_id: EventId;
  /** Nothing is missing since the position that the client named. False if it named none. */
  readonly recovered: boolean;
  /** Number of messages and statuses in the replay. */
  readonly replayed: number;
  /** When the upstream last answered for the ticket that was answered for longest ago; null: for one of them never yet. */
  readonly last_answer_at: Instant | null;
  /** Tickets whose first poll is still to come: `backfilled` says when it is complete. */
  readonly pending: readonly CaseId[];
}

export interface UnreadData extends Placed {
  /** How many messages the account of the upstream has not read. */
  readonly unread_num: number;
  /** As the upstream says it: 1 online, 0 offline; null: it does not say. */
  readonly status: number | null;
}

/** Events without a position, by name. Messages and statuses are made from publications. */
export interface NoticeEvents {
  readonly gap: GapData;
  readonly upstream: UpstreamData;
  readonly revoked: RevokedData;
  readonly backfilled: BackfilledData;
  readonly closing: ClosingData;
}

/** One event without a position. */
export type NoticeEvent = {
  readonly [Name in keyof NoticeEvents]: { readonly event: Name; readonly data: NoticeEvents[Name] };
}[keyof NoticeEvents];

/** Why a request over Socket.IO was refused. */
export interface ErrorBody {
  readonly code: RefusalCode;
  readonly message: string;
  /** The tickets that the refusal is about. */
  readonly case_ids?: readonly CaseId[];
  /** When to try again, ms. */
  readonly retry_ms?: number;
}

/** The event `error`: a Socket.IO request without an acknowledgement was refused. */
export interface RequestErrorData extends ErrorBody {
  /** Name of the refused event, at most 64 characters of it. */
  readonly request: string;
}

/** The data of every event that goes to a client, by the event's name. Each has a schema (`EVENT_SCHEMAS`). */
export interface EventData extends NoticeEvents {
  readonly message: MessageData;
  readonly status: StatusData;
  readonly snapshot: SnapshotData;
  readonly unread: UnreadData;
  readonly ready: ReadyData;
  readonly heartbeat: Readonly<Record<string, never>>;
  readonly error: RequestErrorData;
}

export type EventName = keyof EventData;

/** The acknowledgement of a Socket.IO request; `T` has the members of a success. */
export type Acknowledgement<T extends object = object> =
  ({ readonly ok: true } & T) | { readonly ok: false; readonly error: ErrorBody };
