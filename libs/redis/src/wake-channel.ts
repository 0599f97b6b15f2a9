import { setName, type FeedKey, type SetRef } from '#core';

import { subscribed } from './channel-subscriptions.js';
import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';

/** What a worker does with these signals. */
export interface WakeListener {
  /** The set was changed between two polls. */
  changed(ref: SetRef): void;
  /** A worker is ready for sets, or takes none any more: another one, or this one itself. */
  onWorkersChanged(): void;
}

/** The text that says that a worker is ready, or has left. No set has this name. */
const WORKERS_CHANGED = '+';

/**
 * Tells workers at once that sets changed between two polls, and that a worker is ready or has left. Without this channel a worker
 * would notice a changed set at its next commit, which wastes a poll, and another worker up to a second later.
 */
export class WakeChannel {
  constructor(
    private readonly client: RedisClient,
    private readonly keys: Keys,
  ) {}

  async tell(sets: readonly SetRef[]): Promise<void> {
    if (sets.length > 0) {
      await this.client.publish(this.keys.wakeChannel, sets.map(setName).join(' '));
    }
  }

  async tellWorkersChanged(): Promise<void> {
    await this.client.publish(this.keys.wakeChannel, WORKERS_CHANGED);
  }

  /**
   * @param subscriber a connection of its own: it is kept subscribed
   * @throws what Redis answers; it may be called again then
   */
  async listen(subscriber: RedisClient, listener: WakeListener): Promise<void> {
    const hear = (channel: string, text: string): void => {
      if (channel !== this.keys.wakeChannel) {
        return; // The connection has other channels, too.
      }
      if (text === WORKERS_CHANGED) {
        listener.onWorkersChanged();
        return;
      }
      for (const name of text.split(' ')) {
        const slash = name.lastIndexOf('/');
        listener.changed({ feed: name.slice(0, slash) as FeedKey, id: Number(name.slice(slash + 1)) });
      }
    };
    await subscribed(subscriber, this.keys.wakeChannel, hear);
  }
}
