import { setName, type FeedKey, type SetRef } from '#core';

import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';

/** What workers do with what they hear. */
export interface WakeListener {
  /** Somebody changed the set between two polls. */
  changed(ref: SetRef): void;
  /** Another worker, or this one itself, is ready for sets. */
  workerCame(): void;
}

/** No set has this name. */
const WORKER_CAME = '+';

/**
 * Tells workers that sets changed between two polls, and that a worker came. A worker that keeps a set until it is due
 * would hear of the one at its next commit at the latest, with a poll wasted, and of the other when the set's stay
 * ends; here it hears at once.
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

  async tellWorkerCame(): Promise<void> {
    await this.client.publish(this.keys.wakeChannel, WORKER_CAME);
  }

  /** @param subscriber a connection of its own: it is kept subscribed */
  async listen(subscriber: RedisClient, listener: WakeListener): Promise<void> {
    subscriber.on('message', (channel: string, text: string) => {
      if (channel !== this.keys.wakeChannel) {
        return; // The connection carries other news as well.
      }
      if (text === WORKER_CAME) {
        listener.workerCame();
        return;
      }
      for (const name of text.split(' ')) {
        const slash = name.lastIndexOf('/');
        listener.changed({ feed: name.slice(0, slash) as FeedKey, id: Number(name.slice(slash + 1)) });
      }
    });
    await subscriber.subscribe(this.keys.wakeChannel);
  }
}
