import {
  feedKey,
  type Hub,
  type InterestRegistry,
  type Notice,
  type Publication,
  type ResumeFrom,
  type StreamPosition,
} from '#core';
import type { DropInMetrics } from '#ops';
import { Refusal } from '#protocol';
import { Deadline, STORE_RETRY_MS } from '../edge/deadline.js';
import type { Tickets } from '../edge/subscription-parameters.js';
import { DropInPoll } from './drop-in-poll.js';
import type { FirstAnswers } from './first-answers.js';
import type { PolledInterest } from './polled-interest.js';

/** How long the first poll of a ticket waits for the upstream's first answer, if its client says nothing else, ms. */
const FIRST_WAIT_MS = 1000;
/** Most polls that wait in one process, and of one subject. Others are answered at once. */
const WAITING_MAX = 10_000;
const WAITING_OF_SUBJECT_MAX = 1000;

export interface DropInPollsParts {
  readonly hub: Pick<Hub, 'subscribe' | 'unsubscribe'>;
  readonly interest: PolledInterest;
  readonly firstAnswers: FirstAnswers;
  readonly registry: Pick<InterestRegistry, 'statuses'>;
  /** `HISTORY_MAX_EVENTS` */
  readonly historyMax: number;
  readonly metrics: Pick<DropInMetrics, 'polled' | 'waits'>;
  readonly onError: (error: unknown) => void;
}

export interface PollRequest extends Tickets {
  readonly subject: string;
  readonly from: ResumeFrom;
  /** Messages that were sent before are not told, ms since 1970; null: all are. */
  readonly since: number | null;
  readonly waitMs: number;
  /** How long to wait for the upstream's first answer for the ticket, ms; absent: for `waitMs`, or a second. */
  readonly firstWaitMs?: number;
  /** Past events that come first, if no position is named; absent: all of them. */
  readonly history?: number | undefined;
  /** Whether nobody waits for the answer any more. */
  readonly hasLeft: () => boolean;
  /** Called once the client has left. */
  readonly onLeft: (leave: () => void) => void;
}

export interface Polled {
  readonly publications: readonly Publication[];
  readonly position: StreamPosition;
  readonly notices: readonly Notice[];
  /** The read status of each ticket of the request; null where none is known. */
  readonly statuses: readonly (number | null)[];
  /** Whether the upstream has not answered yet for one of the tickets. */
  readonly isPending: boolean;
  /** There is more; the next poll gets it. */
  readonly isFull: boolean;
}

/** Serves clients that poll from what the deployment polls anyway. */
export class DropInPolls {
  private readonly waiting = new Map<string, Set<DropInPoll>>();
  private waitingCount = 0;
  private isStopping = false;

  constructor(private readonly parts: DropInPollsParts) {}

  /** @returns null if the client has left. @throws {Refusal} `unavailable` if the store is out of reach, `too_many` */
  async poll(request: PollRequest): Promise<Polled | null> {
    const { feed, caseIds, waitMs } = request;
    const endsAt = performance.now() + waitMs;
    const isPending = await this.untilAnswered(request);
    const poll = new DropInPoll(request.since);
    try {
      await this.reached(this.subscribe(request, poll));
      await this.news(request, poll, endsAt - performance.now());
    } finally {
      this.parts.hub.unsubscribe(feed, caseIds, poll);
    }
    const { metrics } = this.parts;
    if (poll.position === null || request.hasLeft()) {
      metrics.polled('left');
      return null;
    }
    const { publications, position, notices, isFull } = poll;
    const statuses = await this.reached(this.parts.registry.statuses(feedKey(feed), caseIds));
    metrics.polled(publications.length > 0 ? 'news' : isPending ? 'pending' : 'nothing');
    return { publications, position, notices, statuses, isPending, isFull };
  }

  /** The gateway is about to end: polls that wait are answered now, and later ones do not wait. */
  stop(): void {
    this.isStopping = true;
    this.waiting.forEach((polls) => polls.forEach((poll) => poll.end()));
  }

  /** @returns whether the upstream has not answered yet for one of the tickets */
  private async untilAnswered({ subject, feed, caseIds, waitMs, firstWaitMs }: PollRequest): Promise<boolean> {
    const { interest, firstAnswers } = this.parts;
    const fresh = await this.reached(interest.follow(subject, feed, caseIds));
    const withinMs = fresh.length === 0 || this.isStopping ? 0 : (firstWaitMs ?? Math.max(waitMs, FIRST_WAIT_MS));
    const pending = firstAnswers.pending(feedKey(feed), caseIds, withinMs);
    return (await this.reached(pending, new Deadline(withinMs + new Deadline().leftMs))).length > 0;
  }

  private subscribe(
    { feed, caseIds, from, hasLeft, history = this.parts.historyMax }: PollRequest,
    poll: DropInPoll,
  ): Promise<void> {
    const isAbandoned = () => poll.isFull || hasLeft();
    return this.parts.hub.subscribe(feed, { caseIds, from, history, isAbandoned }, poll);
  }

  private async news({ subject, onLeft }: PollRequest, poll: DropInPoll, ms: number): Promise<void> {
    const ofSubject = this.waiting.get(subject) ?? new Set();
    const isCrowded = this.waitingCount >= WAITING_MAX || ofSubject.size >= WAITING_OF_SUBJECT_MAX;
    if (poll.hasNews || poll.position === null || ms <= 0 || isCrowded || this.isStopping) {
      return;
    }
    this.waiting.set(subject, ofSubject.add(poll));
    this.waitingCount += 1;
    this.parts.metrics.waits(1);
    onLeft(() => poll.end());
    await poll.news(ms);
    this.waitingCount -= 1;
    this.parts.metrics.waits(-1);
    ofSubject.delete(poll);
    if (ofSubject.size === 0) {
      this.waiting.delete(subject);
    }
  }

  /** @throws {Refusal} in place of what the store throws */
  private async reached<T>(work: Promise<T>, deadline = new Deadline()): Promise<T> {
    try {
      return await deadline.bound(work);
    } catch (error) {
      if (error instanceof Refusal) {
        throw error;
      }
      this.parts.onError(error);
      throw new Refusal('unavailable', 'the store is out of reach', { retryMs: STORE_RETRY_MS });
    }
  }
}
