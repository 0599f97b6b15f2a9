import type { Answers } from '#core';

export class MemoryAnswers implements Answers {
  private sentAt = Number.NEGATIVE_INFINITY;

  seen(sentAt: number): void {
    this.sentAt = Math.max(this.sentAt, sentAt);
  }

  async newest(): Promise<number> {
    return this.sentAt;
  }
}
