import { setName, type FeedKey, type SetRef } from '#core';

import { subscribed } from './channel-subscriptions.js';
import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';

/** What a worker does with these signals. */
export interface WakeListener {
  /** The set was changed between two polls. */
  changed(ref: SetRef): void;
  /** A worker is ready for sets: another one, or this one itself. */
  onWorkerStarted(): void;
}

/** The text that says that a worker is ready. No set has this name. */
const WORKER_STARTED = '+';

/**
 * Tells workers at once that sets changed between two polls, and that a worker is ready. Without this channel a worker would
 * notice a changed set at its next commit, which wastes a poll, and another worker when the residency of a set ends.
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

  async tellWorkerStarted(): Promise<void> {
    await this.client.publish(this.keys.wakeChannel, WORKER_STARTED);
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
      if (text === WORKER_STARTED) {
        listener.onWorkerStarted();
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
