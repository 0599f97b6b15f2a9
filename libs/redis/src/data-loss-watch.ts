import { randomUUID } from 'node:crypto';

import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';

/** Between two looks, ms. */
const LOOK_MS = 500;

/**
 * Notices that Redis lost its data. The connection may outlive that, as when somebody empties it, so a key of no other
 * use is looked at: whoever finds it missing names the life that began.
 */
export class DataLossWatch {
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private known: string | null = null;

  constructor(
    private readonly client: RedisClient,
    private readonly keys: Keys,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** @param forgot hears of each loss until it succeeds once, also after Redis was out of reach */
  watch(forgot: () => Promise<void>): void {
    this.look(forgot)
      .catch(this.onError)
      .finally(() => {
        if (!this.stopped) {
          this.timer = setTimeout(() => this.watch(forgot), LOOK_MS);
        }
      });
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private async look(forgot: () => Promise<void>): Promise<void> {
    const dataId = await this.current();
    if (this.known !== null && dataId !== this.known) {
      await forgot();
    }
    this.known = dataId;
  }

  private async current(): Promise<string | null> {
    const dataId = await this.client.get(this.keys.dataId);
    if (dataId !== null) {
      return dataId;
    }
    await this.client.set(this.keys.dataId, randomUUID(), 'NX');
    return this.client.get(this.keys.dataId);
  }
}
