import type { Clock } from '../model/clock.js';
import { parseFeedKey, type FeedKey } from '../model/feed.js';
import type { Digest } from '../model/fingerprint.js';
import type { OlderOutcome, OlderPart, OlderWant } from '../model/older-part.js';
import { UPSTREAM_FAILURES, UpstreamFailure, type UpstreamFailureCode } from '../model/upstream-failure.js';
import { DEFAULT_PAUSE_MS } from './failure-policy.js';
import { olderPart } from './older-answer.js';
import { OLDER_LIMIT_MAX, type OlderUpstream } from './ports/older-upstream.js';
import type { Quota } from './ports/quota.js';

export interface OlderReaderParts {
  readonly upstream: OlderUpstream;
  readonly quota: Quota;
  readonly clock: Clock;
  readonly digest: Digest;
  /** Resolves after `ms` milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
  /** Called with what became of each request. */
  readonly onOutcome: (outcome: 'answered' | 'no_turn' | UpstreamFailureCode) => void;
}

/** When to ask again after a failure that names no time, ms. */
const RETRY_MS = 2000;
/** A refused ticket is not asked for again before, ms. */
const REFUSED_RETRY_MS = 60_000;
const SECOND_MS = 1000;

/**
 * Asks the upstream for what is older than history. It counts in the quota, as a poll of unknown tickets does: clients choose
 * what is read, and must not take turns from the polls that others wait for. It changes no cursor, no set and no history.
 */
export class OlderReader {
  constructor(private readonly parts: OlderReaderParts) {}

  /** @param until the request is not sent later, ms since 1970 */
  async read(feed: FeedKey, want: OlderWant, until: number): Promise<OlderOutcome> {
    const { onOutcome } = this.parts;
    if (!(await this.hasTurn(feed, want, until))) {
      onOutcome('no_turn');
      return { kind: 'failed', code: 'throttled', retryMs: RETRY_MS };
    }
    try {
      const part = await this.ask(feed, want);
      onOutcome('answered');
      return { kind: 'part', part };
    } catch (error) {
      if (!(error instanceof UpstreamFailure)) {
        throw error;
      }
      onOutcome(error.code);
      return this.failed(error);
    }
  }

  private async ask(feed: FeedKey, { caseId, before, type }: OlderWant): Promise<OlderPart> {
    const { upstream, clock, digest } = this.parts;
    const request = { caseId, type, before: before * SECOND_MS, limit: OLDER_LIMIT_MAX };
    const messages = await upstream.more({ feed: parseFeedKey(feed), ...request });
    return olderPart({ messages, before, answeredAt: clock.now() }, digest);
  }

  private async hasTurn(feed: FeedKey, { caseId }: OlderWant, until: number): Promise<boolean> {
    const { quota, clock, wait } = this.parts;
    const rank = clock.now();
    const ref = { feed, id: `older-${caseId}` };
    for (let now = rank; now < until; now = clock.now()) {
      const ms = await quota.turn({ ref, rank, now, isUnknown: true });
      if (ms === 0) {
        return true;
      }
      await wait(Math.min(ms, Math.max(1, until - now)));
    }
    return false;
  }

  private async failed({ code, retryAfterMs }: UpstreamFailure): Promise<OlderOutcome> {
    const { retry } = UPSTREAM_FAILURES[code];
    const { quota, clock } = this.parts;
    if (retry === 'account') {
      const pauseMs = retryAfterMs ?? DEFAULT_PAUSE_MS;
      await quota.throttled(clock.now() + pauseMs, clock.now());
      return { kind: 'failed', code, retryMs: pauseMs };
    }
    const isRefused = retry === 'bisect' || retry === 'try_cursor';
    return { kind: 'failed', code, retryMs: Math.max(retryAfterMs ?? 0, isRefused ? REFUSED_RETRY_MS : RETRY_MS) };
  }
}
