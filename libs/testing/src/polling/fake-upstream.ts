import {
  jsonText,
  type AnsweredMessage,
  type CaseId,
  type Clock,
  type Cursor,
  type JsonObject,
  type PollAnswer,
  type PollRequest,
  type Upstream,
  type UpstreamContent,
  UpstreamFailure,
} from '#core';

/** What the documentation leaves open about cursors and listings. Pollcast must work with every combination. */
export interface FakeUpstreamQuirks {
  /** How cursors are written: `1750000000000`, the same in nanoseconds (19 digits, beyond 2^53), or not a number. */
  readonly form: 'milliseconds' | 'nineteen_digits' | 'opaque';
  /** What a cursor means: the time of the answer, or the newest message in it. */
  readonly basis: 'server_time' | 'newest_message';
  /** Whether a message of exactly the cursor's time is shown again. */
  readonly bound: 'inclusive' | 'exclusive';
  readonly listing: 'oldest_first' | 'newest_first' | 'shuffled';
}

export interface FakeUpstreamParts {
  readonly clock: Clock;
  /** Each request waits for it before it reaches the upstream, and again before the answer arrives. */
  readonly latency?: () => Promise<void>;
}

interface Posted {
  readonly caseId: CaseId;
  readonly message: JsonObject;
  readonly at: number;
  readonly visibleAt: number;
}

export type MessageForm = (message: JsonObject, place: number) => JsonObject;

const QUIRKS: FakeUpstreamQuirks = {
  form: 'milliseconds',
  basis: 'server_time',
  bound: 'exclusive',
  listing: 'oldest_first',
};
const NANOSECONDS = 1_000_000n;
const SECOND_MS = 1000;

/** The polled API. It answers with messages that a test posts. */
export class FakeUpstream implements Upstream {
  /** All requests so far. */
  readonly requests: PollRequest[] = [];
  /** Largest number of requests that were in flight together for one ticket. */
  maxOverlap = 0;
  /** How the n-th message of an answer's list is written. */
  form: MessageForm = (message) => message;
  private readonly posted: Posted[] = [];
  private readonly statuses = new Map<CaseId, number>();
  private readonly inFlight = new Map<CaseId, number>();
  private readonly failures: UpstreamFailure[] = [];
  private readonly refused = new Map<CaseId, 'refused' | 'doubted'>();
  private refusesCursor: (cursor: Cursor) => boolean = () => false;
  private readonly quirks: FakeUpstreamQuirks;

  constructor(
    private readonly parts: FakeUpstreamParts,
    quirks: Partial<FakeUpstreamQuirks> = {},
  ) {
    this.quirks = { ...QUIRKS, ...quirks };
  }

  /** Posts a message at `at` that is visible from `visibleAt` on, ms since 1970. Its time is shown in whole seconds. */
  post(caseId: CaseId, fields: JsonObject, times: { readonly at?: number; readonly visibleAt?: number } = {}): void {
    const at = times.at ?? this.parts.clock.now();
    const create_time = new Date(at).toISOString().slice(0, 19).replace('T', ' ');
    const message = { ...fields, create_time };
    this.posted.push({ caseId, message, at, visibleAt: times.visibleAt ?? at });
  }

  setStatus(caseId: CaseId, status: number): void {
    this.statuses.set(caseId, status);
  }

  /** The next request fails with the first failure, the one after it with the second, and so on. */
  failNext(...failures: UpstreamFailure[]): void {
    this.failures.push(...failures);
  }

  /** From now on every request that names this ticket is refused as a whole. */
  refuse(caseId: CaseId, as: 'refused' | 'doubted' = 'refused'): void {
    this.refused.set(caseId, as);
  }

  /** From now on every request with such a cursor is refused. */
  refuseCursors(refuses: (cursor: Cursor) => boolean): void {
    this.refusesCursor = refuses;
  }

  allow(...caseIds: readonly CaseId[]): void {
    caseIds.forEach((caseId) => this.refused.delete(caseId));
  }

  async poll(request: PollRequest): Promise<PollAnswer> {
    this.requests.push(request);
    this.enter(request.caseIds);
    try {
      await this.parts.latency?.();
      const failure = this.failures.shift();
      if (failure !== undefined) {
        throw failure;
      }
      const refusal = request.caseIds.map((caseId) => this.refused.get(caseId)).find((as) => as !== undefined);
      if (refusal !== undefined) {
        throw new UpstreamFailure(refusal, 'there is something about one of them');
      }
      if (request.cursor !== null && this.refusesCursor(request.cursor)) {
        throw new UpstreamFailure('doubted', 'there is something about the parameters');
      }
      const answer = this.answer(request);
      await this.parts.latency?.();
      return answer;
    } finally {
      request.caseIds.forEach((caseId) => this.inFlight.set(caseId, (this.inFlight.get(caseId) ?? 1) - 1));
    }
  }

  private enter(caseIds: readonly CaseId[]): void {
    for (const caseId of caseIds) {
      const overlap = (this.inFlight.get(caseId) ?? 0) + 1;
      this.inFlight.set(caseId, overlap);
      this.maxOverlap = Math.max(this.maxOverlap, overlap);
    }
  }

  private answer({ caseIds, cursor, knownDigest }: PollRequest): PollAnswer {
    const after = cursor === null ? Number.NEGATIVE_INFINITY : this.read(cursor);
    const visible = this.posted.filter(
      (one) => caseIds.includes(one.caseId) && one.visibleAt <= this.parts.clock.now(),
    );
    const shown = visible.filter(({ at }) => (this.quirks.bound === 'inclusive' ? at >= after : at > after));
    const content: UpstreamContent = {
      lists: caseIds.map((caseId) => ({ caseId, messages: this.list(shown.filter((one) => one.caseId === caseId)) })),
      statuses: caseIds.flatMap((caseId) => {
        const status = this.statuses.get(caseId);
        return status === undefined ? [] : [{ caseId, status }];
      }),
    };
    const next = this.cursorAfter(visible) ?? cursor;
    const digest = this.digestOf(content);
    return digest === knownDigest
      ? { kind: 'unchanged', cursor: next }
      : { kind: 'content', cursor: next, digest, content };
  }

  private list(messages: readonly Posted[]): AnsweredMessage[] {
    const inTime = messages.toSorted((a, b) => a.at - b.at);
    const answered = inTime.map(({ message, at }, place) => ({
      message: this.form(message, place),
      sentAt: Math.floor(at / SECOND_MS) * SECOND_MS,
    }));
    switch (this.quirks.listing) {
      case 'oldest_first':
        return answered;
      case 'newest_first':
        return answered.toReversed();
      case 'shuffled':
        // The order is always the same, so that a run can be repeated.
        return [1, 0].flatMap((half) => answered.filter((_, index) => index % 2 === half));
    }
  }

  private cursorAfter(visible: readonly Posted[]): Cursor | null {
    const newest = visible.reduce((latest, one) => Math.max(latest, one.at), Number.NEGATIVE_INFINITY);
    const at = this.quirks.basis === 'server_time' ? this.parts.clock.now() : newest;
    return at === Number.NEGATIVE_INFINITY ? null : this.write(at);
  }

  private write(at: number): Cursor {
    switch (this.quirks.form) {
      case 'milliseconds':
        return String(at);
      case 'nineteen_digits':
        return String(BigInt(at) * NANOSECONDS);
      case 'opaque':
        return `t~${at.toString(36)}`;
    }
  }

  /** @throws {UpstreamFailure} if this upstream never gave that cursor, for example an opaque one that was shifted */
  private read(cursor: Cursor): number {
    const opaque = /^t~([0-9a-z]+)$/.exec(cursor)?.[1];
    switch (this.quirks.form) {
      case 'milliseconds':
        return Number(cursor);
      case 'nineteen_digits':
        return Number(BigInt(cursor) / NANOSECONDS);
      case 'opaque':
        if (opaque === undefined) {
          throw new UpstreamFailure('rejected', 'this cursor was never given');
        }
        return Number.parseInt(opaque, 36);
    }
  }

  private digestOf(content: UpstreamContent): string {
    const lists = content.lists.map(({ caseId, messages }) => [caseId, ...messages.map((one) => one.message)]);
    const statuses = content.statuses.map(({ caseId, status }) => [caseId, status]);
    return jsonText([lists, statuses]);
  }
}
