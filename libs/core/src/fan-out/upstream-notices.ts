import type { UpstreamState } from './ports/broker.js';
import type { Topic } from './topic.js';

/** The `reason` of `upstream` for a feed that no worker polls. */
export const NOT_POLLED = 'not_polled';

/**
 * Keeps whether the polling of one feed works, and tells its subscribers when that changes. Workers report whether the
 * upstream answers. This gateway itself notices that no worker polls ({@link PollingWatch}).
 */
export class UpstreamNotices {
  private reported: UpstreamState = { state: 'ok', since: 0 };
  private stalled: UpstreamState | null = null;

  constructor(private readonly topics: Iterable<Topic>) {}

  /** The report of a worker has precedence over what this gateway notices, because it says more. */
  get state(): UpstreamState {
    return this.reported.state === 'ok' && this.stalled !== null ? this.stalled : this.reported;
  }

  /** A worker reports a state. */
  changed(state: UpstreamState): void {
    this.update(() => (this.reported = state));
  }

  /**
   * This gateway notices that the feed is polled, or not.
   *
   * @param since the time since which it is not polled, ms since 1970; null: it is polled
   * @param now ms since 1970
   */
  pollingChanged(since: number | null, now: number): void {
    this.update(
      () => (this.stalled = since === null ? null : { state: 'degraded', reason: NOT_POLLED, since }),
      // The last report may be hours old. Clients are told the time at which polling works again.
      () => (this.state.state === 'ok' ? { state: 'ok', since: now } : this.state),
    );
  }

  /** A change may have been missed. The next state from history counts as newer. */
  markStale(): void {
    this.reported = { ...this.reported, since: 0 };
  }

  /** Takes a state from history, unless a newer one arrived while history was read. */
  learn(state: UpstreamState): void {
    if (state.since >= this.reported.since) {
      this.changed(state);
    }
  }

  private update(change: () => void, told: () => UpstreamState = () => this.state): void {
    const before = this.state.state;
    change();
    if (this.state.state === before) {
      return; // A repair has told it already, or only the reason has changed.
    }
    const state = told();
    const subscribers = new Set([...this.topics].flatMap((topic) => [...topic.subscribers]));
    for (const subscriber of subscribers) {
      subscriber.notify({ kind: 'upstream', state });
    }
  }
}
