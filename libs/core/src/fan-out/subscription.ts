import type { UpstreamState } from './ports/broker.js';
import type { Publication, UnreadDelta } from '../model/publication.js';
import type { StreamPosition } from '../model/stream-position.js';
import type { CaseId } from '../model/ticket.js';

/** The position from which a client resumes. */
export type ResumeFrom =
  /** It names no position: it gets the last `history` publications of each ticket. */
  | { readonly kind: 'start' }
  | {
      readonly kind: 'position';
      readonly position: StreamPosition;
      /** It is signed: a gateway of this deployment gave it. Others may be invented. */
      readonly isProven: boolean;
    }
  /** It named a text that is not a position. */
  | { readonly kind: 'unknown' };

/** The offset from which a client can resume; null if its position is not one of the feed's present epoch. */
export function resumeOffset(from: ResumeFrom, position: StreamPosition): number | null {
  const known =
    from.kind === 'position' && from.position.epoch === position.epoch && from.position.offset <= position.offset;
  return known ? from.position.offset : null;
}

export interface SubscribeRequest {
  /** Distinct ids, in the order in which they were asked for. */
  readonly caseIds: readonly CaseId[];
  readonly from: ResumeFrom;
  /** Past publications per ticket for a client without a position; 0 to 1000. */
  readonly history: number;
  /** Its recovery has a cut of each ticket, with the last `history` publications. */
  readonly cuts?: boolean;
  /** Called when history is in memory. True: no client waits for the answer any more, so the subscription ends. */
  readonly isAbandoned?: () => boolean;
}

export type GapReason = 'history_truncated' | 'unknown_position';

/** What is lost of each ticket is after the one position and before the other. Something before the latter may be kept. */
export interface LostBetween {
  readonly after: StreamPosition;
  readonly before: StreamPosition;
}

/** An event without a position. */
export type Notice =
  | { readonly kind: 'gap'; readonly caseIds: readonly CaseId[]; readonly reason: 'unknown_position' }
  | ({ readonly kind: 'gap'; readonly caseIds: readonly CaseId[]; readonly reason: 'history_truncated' } & LostBetween)
  | { readonly kind: 'upstream'; readonly state: UpstreamState }
  /** The upstream refuses these tickets. They are delivered again when it answers for them again. */
  | { readonly kind: 'revoked'; readonly caseIds: readonly CaseId[] }
  /** The first poll of these tickets is complete: everything that it found was told before. */
  | { readonly kind: 'backfilled'; readonly caseIds: readonly CaseId[] };

/**
 * What other subscribers may get as well. `publications`: the same objects, they are in memory for all. `part`: the same part of
 * a long replay.
 */
export type Sharing = 'none' | 'part' | 'publications';

/** A part of a long replay, small enough to be written at once. */
export interface ReplayPart {
  /** To be told before the publications. */
  readonly notices: readonly Notice[];
  /** In order of offset. */
  readonly publications: readonly Publication[];
  readonly sharing: Sharing;
}

/** A ticket at the position of its recovery. */
export interface TicketCut {
  readonly caseId: CaseId;
  /** The read status; null: it is not known. */
  readonly status: number | null;
  /** The last messages, in order of offset. */
  readonly messages: readonly Publication[];
  /** The upstream refuses the ticket. */
  readonly isQuarantined: boolean;
  /** Its first poll is still to come. */
  readonly isPending: boolean;
  /** Absent: it was not asked for; null: it is not known. */
  readonly unread?: Pick<UnreadDelta, 'unreadNum' | 'status'> | null | undefined;
}

/** What a subscriber gets in the tick in which live delivery begins. */
export interface Recovery {
  readonly caseIds: readonly CaseId[];
  readonly notices: readonly Notice[];
  /** In order of offset: the whole replay, or what is left of a long one after its slices. */
  readonly replay: readonly Publication[];
  /** Other subscribers get the same list: it is prepared for all. */
  readonly isShared: boolean;
  /** The subscriber has everything up to here, and misses nothing if it resumes from here. */
  readonly position: StreamPosition;
  /** Nothing is missing since the position that the client named. False if it named none. */
  readonly recovered: boolean;
  /** Tickets whose first poll is still to come. */
  readonly pending: readonly CaseId[];
  /** A cut of each ticket, if that was asked for. */
  readonly cuts: readonly TicketCut[];
}

/** A client of the hub. Its methods are called in order. They must not throw and must not block. */
export interface Subscriber {
  /** Whether it still wants a ticket: a right may end while a long replay runs. Absent: it wants all that it has asked for. */
  wants?(caseId: CaseId): boolean;
  /**
   * Called for each part of a long replay, before {@link recover}. It resolves when the client has read enough for another
   * part, or is not served any more.
   */
  replay(part: ReplayPart): Promise<void>;
  /** Called once, in the tick in which live delivery begins (invariant 7). */
  recover(recovery: Recovery): void;
  deliver(publication: Publication): void;
  notify(notice: Notice): void;
}
