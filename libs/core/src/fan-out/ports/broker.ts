import type { FeedKey } from '../../model/feed.js';
import type { MessageIdentity } from '../../model/fingerprint.js';
import type { MessageClass } from '../../model/message-class.js';
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
  /** What a client has seen. Its signature proves it. */
  readonly claim?: StreamPosition;
}

/** The end of a ticket's history. */
export interface TicketHistory {
  readonly caseId: CaseId;
  /** In order of offset. */
  readonly publications: readonly Publication[];
  /** Every publication of the ticket after this offset is in `publications`. */
  readonly completeAfter: number;
  /** The store has nothing older, so asking for more gives no more. */
  readonly exhausted: boolean;
  /** The read status at that instant; null: it is not known. */
  readonly readStatus: number | null;
}

/** A feed's history at one instant. */
export interface HistorySnapshot {
  readonly epoch: string;
  /** Offset of the feed's newest publication at that instant. */
  readonly offset: number;
  readonly upstream: UpstreamState;
  /** The tickets among them that are quarantined. */
  readonly quarantined: readonly CaseId[];
  /** Those whose first poll is still to come. */
  readonly pending: readonly CaseId[];
  readonly tickets: readonly TicketHistory[];
}

/** What a replay has of a ticket: its last `count` publications; null: all that are kept. */
export interface ExtentWant {
  readonly caseId: CaseId;
  readonly count: number | null;
}

/** Where a replay begins, and how large it is. Its position is the feed's at that instant. */
export interface ReplayExtent extends StreamPosition {
  /** Of each ticket the offset after which its part of the replay begins. */
  readonly floors: ReadonlyMap<CaseId, number>;
  /** How many publications it has. */
  readonly count: number;
}

/** Which part of a replay is wanted: the publications of its tickets after an offset and up to another one. */
export interface SliceWant {
  /** @see ReplayExtent.floors */
  readonly floors: ReadonlyMap<CaseId, number>;
  readonly after: number;
  readonly upTo: number;
  /** Most publications, and most bytes of their texts. One publication is never too much. */
  readonly maxEvents: number;
  readonly maxBytes: number;
}

/** A part of a replay. Its position is the feed's at that instant. */
export interface HistorySlice extends StreamPosition {
  /** Null: there are more than the bounds allow. */
  readonly publications: readonly Publication[] | null;
  /** Tickets of which publications after `after` and after their floor are gone. */
  readonly lost: readonly CaseId[];
}

/** Which part of a ticket's history is wanted: its publications after a position, the oldest first. */
export interface PageWant {
  readonly caseId: CaseId;
  /**
   * The part begins after it. Null, and a position that the feed's present epoch did not give: it begins with the oldest
   * publication that is kept.
   */
  readonly after: StreamPosition | null;
  /** Most publications; 1 or more. */
  readonly limit: number;
}

/** A part of a ticket's history, and the feed's position, at one instant. */
export interface TicketPage extends StreamPosition {
  /** `after` is a position of the feed's present epoch. */
  readonly known: boolean;
  /** `after` is known, and publications between it and this part are gone. */
  readonly truncated: boolean;
  /** In order of offset. */
  readonly publications: readonly Publication[];
  /** There are publications after this part. */
  readonly more: boolean;
}

/** The two names of a message. */
export interface DeliveredNames {
  readonly identity: MessageIdentity;
  readonly class: MessageClass | null;
}

/** At which offsets messages of a ticket were delivered, and what history was at that instant. */
export interface DeliveredAt {
  /** The feed's present one, which the offsets are of; another one than before where the store lost its data meanwhile. */
  readonly epoch: string;
  /** Offset of the oldest publication that is kept; null: none is. */
  readonly begins: number | null;
  /** In the order of the names; null where a name is not known. */
  readonly offsets: readonly (number | null)[];
}

/** Which part of a ticket's history is wanted: its newest publications before a position. */
export interface PageBeforeWant {
  readonly caseId: CaseId;
  /** Null, and a position that the feed's present epoch did not give: the part ends with the newest publication. */
  readonly before: StreamPosition | null;
  /** Most publications; 1 or more. */
  readonly limit: number;
}

/** The newest publications before a position, and where the ticket's history begins. Its position is the feed's. */
export interface PageBefore extends StreamPosition {
  /**
   * `before` is a position of the feed's present epoch. It is none for a ticket of which everything has ended since then
   * (`HISTORY_TTL_S`): whatever the upstream shows of it gets new positions.
   */
  readonly known: boolean;
  /** In order of offset. */
  readonly publications: readonly Publication[];
  /** History has publications before this part. */
  readonly more: boolean;
  /** Some client wants the ticket: it is in a set. */
  readonly isWanted: boolean;
  /** Offset of the oldest publication that is kept; null: none is. */
  readonly begins: number | null;
  /** The oldest message that is kept. */
  readonly oldest: Publication | null;
}

/** A broker has one listener, and calls it in the order of the feed. */
export interface BrokerListener {
  published(feed: FeedKey, publication: Publication): void;
  upstreamChanged(feed: FeedKey, state: UpstreamState): void;
  /** The upstream refuses a ticket (it is quarantined), or answers for it again. */
  quarantineChanged(feed: FeedKey, caseId: CaseId, quarantined: boolean): void;
  /** The first poll of these tickets is complete. Everything that it found was published before. */
  backfilled(feed: FeedKey, caseIds: readonly CaseId[]): void;
  /** Publications may have been missed. The listener must repair from history before it delivers anything else. */
  interrupted(): void;
}

/** The gateways' side of the store: history and live publications. */
export interface Broker {
  listen(listener: BrokerListener): void;
  /**
   * After it has resolved, every publication of these tickets and every change of the feed's state reaches the
   * listener.
   */
  watch(feed: FeedKey, caseIds: readonly CaseId[]): Promise<void>;
  unwatch(feed: FeedKey, caseIds: readonly CaseId[]): Promise<void>;
  /**
   * Reads histories at one instant. It resolves after everything that was published on the watched tickets up to that
   * instant has reached the listener. From then on offsets up to `offset` are known without a hole.
   *
   * @param known the position up to which the caller has dispatched; null for nothing. A store that has less of that epoch
   *   lost its newest data. It begins a new epoch before it answers, so that no offset ever names two publications
   *   (invariant 6). What is left of the old epoch belongs to the new one. A claim beyond the store's newest offset has the
   *   same effect.
   * @throws if the store is out of reach
   */
  history(feed: FeedKey, wants: readonly HistoryWant[], known: StreamPosition | null): Promise<HistorySnapshot>;
  /**
   * Finds where a replay begins. It costs little, however large the replay is. Where it would cost more, it answers for the
   * first tickets only: at least for one.
   *
   * @throws if the store is out of reach
   */
  extent(feed: FeedKey, wants: readonly ExtentWant[]): Promise<ReplayExtent>;
  /**
   * Reads a part of a replay, in the order of the feed. Unlike {@link history} it does not wait for the listener.
   *
   * @param known as in {@link history}
   * @throws if the store is out of reach
   */
  slice(feed: FeedKey, want: SliceWant, known: StreamPosition | null): Promise<HistorySlice>;
  /**
   * Reads a part of one ticket's history. It costs what it returns, wherever in history the part begins. Unlike
   * {@link history} it does not wait for the listener, and `after` never begins a new epoch.
   *
   * @throws if the store is out of reach
   */
  page(feed: FeedKey, want: PageWant): Promise<TicketPage>;
  /**
   * Reads the end of one ticket's history before a position. It does not wait for the listener, and begins no new epoch.
   *
   * @throws if the store is out of reach
   */
  pageBefore(feed: FeedKey, want: PageBeforeWant): Promise<PageBefore>;
  /**
   * The offsets at which messages of a ticket were delivered, as of one instant. Names are kept longer than history. Of each
   * second, all messages must be here: equal ones are counted.
   *
   * @throws if the store is out of reach
   */
  deliveredAt(feed: FeedKey, caseId: CaseId, names: readonly DeliveredNames[]): Promise<DeliveredAt>;
}
