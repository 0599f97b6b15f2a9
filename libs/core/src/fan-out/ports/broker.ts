import type { FeedKey } from '../../model/feed.js';
import type { Publication } from '../../model/publication.js';
import type { StreamPosition } from '../../model/stream-position.js';
import type { CaseId } from '../../model/ticket.js';

/** State of a feed's polling. `since` in milliseconds since 1970. */
export type UpstreamState =
  | { readonly state: 'ok'; readonly since: number }
  | { readonly state: 'degraded'; readonly reason: string; readonly since: number };

/** How much of a ticket's history is wanted: its last `atLeast` publications and all after `after`. */
export interface HistoryWant {
  readonly caseId: CaseId;
  readonly atLeast: number;
  /** An offset; null for no more than `atLeast`. */
  readonly after: number | null;
  /** What a client says it has seen. */
  readonly claim?: StreamPosition;
}

/** The end of a ticket's history. */
export interface TicketHistory {
  readonly caseId: CaseId;
  /** In order of offset. */
  readonly publications: readonly Publication[];
  /** Every publication of the ticket after this offset is in `publications`. */
  readonly completeAfter: number;
  /** Nothing older is kept: asking for more brings no more. */
  readonly exhausted: boolean;
}

/** What a feed's history held at one instant. */
export interface HistorySnapshot {
  readonly epoch: string;
  /** Offset of the feed's newest publication at that instant. */
  readonly offset: number;
  readonly upstream: UpstreamState;
  /** Those of the tickets that the upstream refuses. */
  readonly quarantined: readonly CaseId[];
  readonly tickets: readonly TicketHistory[];
}

/** What a broker tells its one listener, in the order of the feed. */
export interface BrokerListener {
  published(feed: FeedKey, publication: Publication): void;
  upstreamChanged(feed: FeedKey, state: UpstreamState): void;
  /** The upstream refuses a ticket (`apart`), or answers for it again. */
  quarantineChanged(feed: FeedKey, caseId: CaseId, quarantined: boolean): void;
  /** Publications may have been missed since some time before this: repair from history before going on. */
  interrupted(): void;
}

/** The gateways' side of the store: history and what is published. */
export interface Broker {
  listen(listener: BrokerListener): void;
  /** From when it resolves on, every publication of these tickets and what changes of the feed's state reach the listener. */
  watch(feed: FeedKey, caseIds: readonly CaseId[]): Promise<void>;
  unwatch(feed: FeedKey, caseIds: readonly CaseId[]): Promise<void>;
  /**
   * Reads histories at one instant, and resolves only after everything published up to that instant on the watched
   * tickets has reached the listener: from then on offsets up to `offset` are known without a hole.
   *
   * @param known what the asker has handed on, null for nothing. A store that has less of that life lost its end, and
   *   begins a new life before it answers: no offset is ever given to another publication (invariant 6). What is left
   *   of the old life belongs to the new one. A claim of more than there is has the same effect, once in a life of the
   *   store's process: nobody but that client may be left who knows, but whoever can read may also invent.
   * @throws where the store is out of reach
   */
  history(feed: FeedKey, wants: readonly HistoryWant[], known: StreamPosition | null): Promise<HistorySnapshot>;
}
