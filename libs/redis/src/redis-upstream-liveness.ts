import type { UpstreamLiveness } from '#core';
import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';

/** Others are told at most this often, ms. */
const TELL_EVERY_MS = 1000;
/** How long the last word is kept, ms. */
const KEPT_MS = 3_600_000;

/** One key for all workers: who writes last may set it back by as much as the workers' words are apart, no more. */
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
