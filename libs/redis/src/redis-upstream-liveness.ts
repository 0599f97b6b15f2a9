import type { UpstreamLiveness } from '#core';
import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';

/** A worker tells the others at most once in this time, ms. */
const TELL_EVERY_MS = 1000;
/** How long Redis keeps the time, ms. */
const KEPT_MS = 3_600_000;

/** One key for all workers. A worker may overwrite a newer time with its own; that is at most {@link TELL_EVERY_MS} older. */
export class RedisUpstreamLiveness implements UpstreamLiveness {
  private sentAt = Number.NEGATIVE_INFINITY;
  private toldAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly client: RedisClient,
    private readonly keys: Keys,
    private readonly onError: (error: unknown) => void,
  ) {}

  seen(sentAt: number): void {
    this.sentAt = Math.max(this.sentAt, sentAt);
    if (this.sentAt - this.toldAt >= TELL_EVERY_MS) {
      this.toldAt = this.sentAt;
      this.client.set(this.keys.answered, String(this.sentAt), 'PX', KEPT_MS).catch(this.onError);
    }
  }

  async newest(): Promise<number> {
    const told = await this.client.get(this.keys.answered);
    return told === null ? this.sentAt : Math.max(this.sentAt, Number(told));
  }
}
