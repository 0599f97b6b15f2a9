import { COMMAND_TIMEOUT_MS } from './connection.js';

interface Waiting {
  readonly pass: () => void;
  readonly fail: (why: Error) => void;
}

/**
 * Waits for marks that come back on the subscribed connection. A mark is published by the same script that reads a
 * history: once it has come, so has everything that was published before that reading.
 */
export class Barriers {
  private next = 0;
  private readonly waiting = new Map<string, Waiting>();

  /** A new mark, and what resolves when it has come. @throws (the promise) when it does not come in time */
  open(): { readonly mark: string; readonly passed: Promise<void> } {
    const mark = String((this.next += 1));
    const passed = new Promise<void>((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        this.waiting.delete(mark);
      };
      const fail = (why: Error) => {
        settle();
        reject(why);
      };
      const timer = setTimeout(
        () => fail(new Error('the subscribed Redis connection did not keep up')),
        COMMAND_TIMEOUT_MS,
      );
      this.waiting.set(mark, {
        fail,
        pass: () => {
          settle();
          resolve();
        },
      });
    });
    // Whoever opened it may fail before waiting for it.
    passed.catch(() => undefined);
    return { mark, passed };
  }

  pass(mark: string): void {
    this.waiting.get(mark)?.pass();
  }

  /** The subscribed connection is lost: what was to come on it never will, and nobody should wait for it. */
  lost(): void {
    this.waiting.forEach(({ fail }) => fail(new Error('the subscribed Redis connection was lost')));
  }
}
