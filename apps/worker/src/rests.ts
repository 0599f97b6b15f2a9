import { setName, type SetRef } from '#core';

/** Pauses between two polls of a set, each of which can be ended early. */
export class Rests {
  private readonly resting = new Map<string, () => void>();
  private closed = false;

  /** Resolves after so many ms, or earlier when it is ended; false when no set may stay any longer. */
  async until(ref: SetRef, ms: number): Promise<boolean> {
    if (ms > 0 && !this.closed) {
      const key = setName(ref);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.ceil(ms));
        this.resting.set(key, () => {
          clearTimeout(timer);
          resolve();
        });
      });
      this.resting.delete(key);
    }
    return !this.closed;
  }

  end(ref: SetRef): void {
    this.resting.get(setName(ref))?.();
  }

  close(): void {
    this.closed = true;
    this.resting.forEach((end) => end());
  }
}
