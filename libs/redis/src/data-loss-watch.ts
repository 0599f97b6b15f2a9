import { randomUUID } from 'node:crypto';

import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';

/** Time between two checks, ms. */
const LOOK_MS = 500;

/**
 * Notices that Redis lost its data. The connection may outlive that, for example after FLUSHALL. So a key with the data id
 * is read: a process that finds it missing sets a new data id.
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

  /** @param forgot called after each loss, and again until it succeeds once */
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
