import type { UpstreamState } from './ports/broker.js';
import type { Topic } from './topic.js';

/** Keeps the upstream state of one feed, and tells its subscribers when it changes. */
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
      return; // A repair has told it already.
    }
    const subscribers = new Set([...this.topics].flatMap((topic) => [...topic.subscribers]));
    for (const subscriber of subscribers) {
      subscriber.notify({ kind: 'upstream', state });
    }
  }

  /** A change may have been missed. The next state from history counts as newer. */
  markStale(): void {
    this.known = { ...this.known, since: 0 };
  }

  /** Takes a state from history, unless a newer one arrived while history was read. */
  learn(state: UpstreamState): void {
    if (state.since >= this.known.since) {
      this.changed(state);
    }
  }
}
