import type { UpstreamState } from './ports/broker.js';
import type { Topic } from './topic.js';

/** Keeps whether the polling of one feed works, and tells its subscribers when that changes. */
export class UpstreamNotices {
  private known: UpstreamState = { state: 'ok', since: 0 };

  constructor(private readonly topics: Iterable<Topic>) {}

  get state(): UpstreamState {
    return this.known;
  }

  changed(state: UpstreamState): void {
    const changed = state.state !== this.known.state;
    this.known = state;
    if (!changed) {
      return; // A repair was faster.
    }
    const subscribers = new Set([...this.topics].flatMap((topic) => [...topic.subscribers]));
    for (const subscriber of subscribers) {
      subscriber.notify({ kind: 'upstream', state });
    }
  }

  /** A change may have been missed: whatever history says next is newer. */
  markStale(): void {
    this.known = { ...this.known, since: 0 };
  }

  /** Takes a state from history, unless a newer one was told while it was read. */
  learn(state: UpstreamState): void {
    if (state.since >= this.known.since) {
      this.changed(state);
    }
  }
}
