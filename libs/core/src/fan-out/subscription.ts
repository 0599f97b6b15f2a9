import type { UpstreamState } from './ports/broker.js';
import type { Publication } from '../model/publication.js';
import type { StreamPosition } from '../model/stream-position.js';
import type { CaseId } from '../model/ticket.js';

/** Where a client wants to go on from. */
export type ResumeFrom =
  /** It never was here: the last `history` publications of each ticket. */
  | { readonly kind: 'start' }
  | { readonly kind: 'position'; readonly position: StreamPosition }
  /** It named something that is not a position of ours. */
  | { readonly kind: 'unknown' };

export interface SubscribeRequest {
  /** Distinct ids, in the order in which they were asked for. */
  readonly caseIds: readonly CaseId[];
  readonly from: ResumeFrom;
  /** Past publications per ticket for a client without a position; 0 to 1000. */
  readonly history: number;
  /** Asked when history is at hand: true and nobody waits any more, so nothing is recovered and nothing goes live. */
  readonly isAbandoned?: () => boolean;
}

export type GapReason = 'history_truncated' | 'unknown_position';

/** What a subscriber is told without a position. */
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
  /** Everything up to here has been given: going on from here misses nothing. */
  readonly position: StreamPosition;
  /** Nothing is missing since the position that the client named. False where it named none. */
  readonly recovered: boolean;
}

/** One client's end of a subscription. Called synchronously and in order; must not throw and must not block. */
export interface Subscriber {
  /** Once, in the same tick in which live publications begin (invariant 7). */
  recover(recovery: Recovery): void;
  deliver(publication: Publication): void;
  notify(notice: Notice): void;
}
