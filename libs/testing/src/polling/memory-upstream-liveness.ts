import type { UpstreamLiveness } from '#core';

export class MemoryUpstreamLiveness implements UpstreamLiveness {
  private sentAt = Number.NEGATIVE_INFINITY;

  seen(sentAt: number): void {
    this.sentAt = Math.max(this.sentAt, sentAt);
  }

  async newest(): Promise<number> {
    return this.sentAt;
  }
}
