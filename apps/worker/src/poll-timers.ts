import { setName, type SetRef } from '#core';

/** The pauses between two polls of a set. Each can be ended early. */
export class PollTimers {
  private readonly pending = new Map<string, () => void>();
  private closed = false;

  /** Resolves after `ms` milliseconds, or when it is ended early. @returns false when all residencies end */
  async until(ref: SetRef, ms: number): Promise<boolean> {
    if (ms > 0 && !this.closed) {
      const key = setName(ref);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.ceil(ms));
        this.pending.set(key, () => {
          clearTimeout(timer);
          resolve();
        });
      });
      this.pending.delete(key);
    }
    return !this.closed;
  }

  end(ref: SetRef): void {
    this.pending.get(setName(ref))?.();
  }

  close(): void {
    this.closed = true;
    this.pending.forEach((end) => end());
  }

  /** Residencies may begin again. */
  open(): void {
    this.closed = false;
  }
}
