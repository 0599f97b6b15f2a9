import type { GatewayEvent } from './events.js';

/** One event at a time, between the client and a `for await`. */
export class Slot {
  private readonly full: { event: GatewayEvent; taken: () => void }[] = [];
  private taken: (() => void) | null = null;
  private wanted: ((result: IteratorResult<GatewayEvent>) => void) | null = null;
  private isOver = false;

  /** Resolves when the loop asks for the next event: then this one is handled. */
  put(event: GatewayEvent): Promise<void> {
    return new Promise((resolve) => {
      if (this.isOver) return resolve();
      this.full.push({ event, taken: resolve });
      this.give();
    });
  }

  next(): Promise<IteratorResult<GatewayEvent>> {
    this.taken?.();
    this.taken = null;
    return new Promise((resolve) => {
      this.wanted = resolve;
      this.give();
    });
  }

  end(): void {
    this.isOver = true;
    this.taken?.();
    this.full.splice(0).forEach(({ taken }) => taken());
    this.give();
  }

  private give(): void {
    const wanted = this.wanted;
    if (!wanted) return;
    const next = this.full.shift();
    if (!next && !this.isOver) return;
    this.wanted = null;
    if (!next) return wanted({ done: true, value: undefined });
    this.taken = next.taken;
    wanted({ done: false, value: next.event });
  }
}
