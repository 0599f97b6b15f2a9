import { setName, type SetRef } from '#core';

/** The pauses between two polls of a set. Each can be ended early. */
export class PollTimers {
  private readonly pending = new Map<string, (stays: boolean) => void>();
  private closed = false;

  /** Resolves after `ms` milliseconds, or when it is ended early. @returns false when the residency ends */
  async until(ref: SetRef, ms: number): Promise<boolean> {
    let stays = true;
    if (ms > 0 && !this.closed) {
      const key = setName(ref);
      stays = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(() => resolve(true), Math.ceil(ms));
        this.pending.set(key, (continues) => {
          clearTimeout(timer);
          resolve(continues);
        });
      });
      this.pending.delete(key);
    }
    return stays && !this.closed;
  }

  /** The set is polled now. */
  end(ref: SetRef): void {
    this.pending.get(setName(ref))?.(true);
  }

  /** Ends the residency of a set. */
  leave(ref: SetRef): void {
    this.pending.get(setName(ref))?.(false);
  }

  /** Ends residencies. @returns how many, at most `count` */
  leaveSome(count: number): number {
    const leaving = [...this.pending.values()].slice(0, count);
    leaving.forEach((end) => end(false));
    return leaving.length;
  }

  close(): void {
    this.closed = true;
    this.pending.forEach((end) => end(false));
  }

  /** Residencies may begin again. */
  open(): void {
    this.closed = false;
  }
}
