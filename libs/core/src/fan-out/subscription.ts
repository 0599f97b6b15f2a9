import type { UpstreamState } from './ports/broker.js';
import type { Publication } from '../model/publication.js';
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

export interface SubscribeRequest {
  /** Distinct ids, in the order in which they were asked for. */
  readonly caseIds: readonly CaseId[];
  readonly from: ResumeFrom;
  /** Past publications per ticket for a client without a position; 0 to 1000. */
  readonly history: number;
  /** Called when history is in memory. True: no client waits for the answer any more, so the subscription ends. */
  readonly isAbandoned?: () => boolean;
}

export type GapReason = 'history_truncated' | 'unknown_position';

/** An event without a position. */
export type Notice =
  | { readonly kind: 'gap'; readonly caseIds: readonly CaseId[]; readonly reason: GapReason }
  | { readonly kind: 'upstream'; readonly state: UpstreamState }
  /** The upstream refuses these tickets. They are delivered again when it answers for them again. */
  | { readonly kind: 'revoked'; readonly caseIds: readonly CaseId[] };

/** What a subscriber gets before the first live publication. */
export interface Recovery {
  readonly caseIds: readonly CaseId[];
  readonly notices: readonly Notice[];
  /** In order of offset. */
  readonly replay: readonly Publication[];
  /** The subscriber has everything up to here, and misses nothing if it resumes from here. */
  readonly position: StreamPosition;
  /** Nothing is missing since the position that the client named. False if it named none. */
  readonly recovered: boolean;
}

/** A client of the hub. Its methods are called synchronously and in order. They must not throw and must not block. */
export interface Subscriber {
  /** Called once, in the tick in which live delivery begins (invariant 7). */
  recover(recovery: Recovery): void;
  deliver(publication: Publication): void;
  notify(notice: Notice): void;
}
