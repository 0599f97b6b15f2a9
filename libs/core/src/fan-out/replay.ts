import { resumeOffset, type LostBetween, type Notice, type Subscriber, type SubscribeRequest } from './subscription.js';
import type { UpstreamState } from './ports/broker.js';
import type { Publication } from '../model/publication.js';
import type { StreamPosition } from '../model/stream-position.js';
import type { CaseId } from '../model/ticket.js';

/** Bounds of a replay. */
export interface ReplayBounds {
  /** A replay with no more publications than this, and no more bytes, is written whole, in the tick of going live. */
  readonly wholeMax: number;
  readonly wholeMaxBytes: number;
  /** Most publications, and most bytes, of one slice of a longer one. */
  readonly sliceMax: number;
  readonly sliceMaxBytes: number;
}

/** A script of Redis reads a slice in some milliseconds. A gateway holds one slice per connection that has a long replay. */
export const REPLAY_BOUNDS: ReplayBounds = {
  wholeMax: 1000,
  wholeMaxBytes: 1_048_576,
  sliceMax: 1000,
  sliceMaxBytes: 262_144,
};

/** What is known of a feed and of its tickets, beside their publications. */
export interface FeedStates {
  readonly upstream: UpstreamState;
  /** Whether the upstream refuses the ticket. */
  isQuarantined(caseId: CaseId): boolean;
  /** Whether its first poll is still to come. */
  isPending(caseId: CaseId): boolean;
  /** Null: it is not known. */
  readStatus(caseId: CaseId): number | null;
}

/** A replay that is in memory. */
export interface PreparedReplay {
  /** In order of offset. */
  readonly publications: readonly Publication[];
  /** Another subscriber got the same list before, so more will. */
  readonly isShared: boolean;
}

/** Shared by all replays in which nothing has to be kept: nearly all of them. */
const NONE: ReadonlySet<CaseId> = new Set();

/** The replay of one subscription: where it goes on, and what its subscriber was told in its earlier slices. */
export class Replay {
  /** What is left to be recovered. */
  rest: SubscribeRequest;
  /** Some of it was written. */
  hasBegun = false;
  /** The client named a position. */
  private readonly isNamed: boolean;
  private hasGap = false;
  /** Tickets with a gap that was told, and no publication since. */
  private gapped = NONE;
  private upstream: UpstreamState['state'] = 'ok';
  private revoked = NONE;

  constructor(
    request: SubscribeRequest,
    private readonly subscriber: Pick<Subscriber, 'wants'> = {},
  ) {
    this.rest = request;
    this.isNamed = request.from.kind !== 'start';
  }

  get isAbandoned(): boolean {
    return this.rest.isAbandoned?.() ?? false;
  }

  /** Whether the client has everything since the position that it named. False if it named none. */
  get isRecovered(): boolean {
    return this.isNamed && !this.hasGap;
  }

  /** Whether a position was named that means nothing at this position of the feed. */
  isUnknown(position: StreamPosition): boolean {
    return this.rest.from.kind !== 'start' && resumeOffset(this.rest.from, position) === null;
  }

  /** Leaves out the tickets that the subscriber does not want any more. Before the replay has begun it wants them all. */
  narrow(): void {
    const { rest } = this;
    if (this.hasBegun && !rest.caseIds.every((caseId) => this.isWanted(caseId))) {
      this.rest = { ...rest, caseIds: rest.caseIds.filter((caseId) => this.isWanted(caseId)) };
    }
  }

  /** The subscriber has everything up to here. */
  reached(position: StreamPosition, publications: readonly Publication[]): void {
    this.hasBegun = true;
    this.rest = { ...this.rest, from: { kind: 'position', position, isProven: true } };
    if (this.gapped.size > 0) {
      const told = new Set(publications.map(({ caseId }) => caseId));
      this.gapped = new Set([...this.gapped].filter((caseId) => !told.has(caseId)));
    }
  }

  /**
   * What the subscriber has to be told now: gaps, and the states of the feed and of its tickets where they differ from what
   * it was told.
   *
   * @param between what is lost of these tickets; null: the client's position is unknown
   */
  news(lost: readonly CaseId[], between: LostBetween | null, source: FeedStates): Notice[] {
    const notices: Notice[] = [];
    const gaps = lost.filter((caseId) => this.isWanted(caseId) && (between === null || !this.gapped.has(caseId)));
    if (gaps.length > 0) {
      this.hasGap = true;
      this.gapped = new Set([...this.gapped, ...gaps]);
      notices.push(
        between === null
          ? { kind: 'gap', caseIds: gaps, reason: 'unknown_position' }
          : { kind: 'gap', caseIds: gaps, reason: 'history_truncated', ...between },
      );
    }
    if (source.upstream.state !== this.upstream) {
      this.upstream = source.upstream.state;
      notices.push({ kind: 'upstream', state: source.upstream });
    }
    const revoked = this.rest.caseIds.filter((caseId) => source.isQuarantined(caseId) && !this.revoked.has(caseId));
    if (revoked.length > 0) {
      this.revoked = new Set([...this.revoked, ...revoked]);
      notices.push({ kind: 'revoked', caseIds: revoked });
    }
    return notices;
  }

  private isWanted(caseId: CaseId): boolean {
    return this.subscriber.wants?.(caseId) !== false;
  }
}
