import { setName, type FeedKey, type SetRef } from '#core';

import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';

/**
 * Tells workers that sets changed between two polls. A worker that keeps a set until it is due would hear of it at its
 * next commit at the latest, with a poll wasted; here it hears at once.
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

  /** @param subscriber a connection of its own: it is kept subscribed */
  async listen(subscriber: RedisClient, changed: (ref: SetRef) => void): Promise<void> {
    subscriber.on('message', (channel: string, text: string) => {
      for (const name of channel === this.keys.wakeChannel ? text.split(' ') : []) {
        const slash = name.lastIndexOf('/');
        changed({ feed: name.slice(0, slash) as FeedKey, id: Number(name.slice(slash + 1)) });
      }
    });
    await subscriber.subscribe(this.keys.wakeChannel);
  }
}
