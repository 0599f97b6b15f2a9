import { COMMAND_TIMEOUT_MS } from './connection.js';

interface Waiting {
  readonly pass: () => void;
  readonly fail: (why: Error) => void;
}

/**
 * Waits for marks that arrive on the subscribed connection. The script that reads history publishes the mark. When it
 * arrives, everything that was published before that reading has arrived.
 */
export class Barriers {
  private next = 0;
  private readonly waiting = new Map<string, Waiting>();

  /** A new mark, and a promise that resolves when it has arrived. The promise rejects if it does not arrive in time. */
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
    // The caller may fail before it waits for the promise.
    passed.catch(() => undefined);
    return { mark, passed };
  }

  pass(mark: string): void {
    this.waiting.get(mark)?.pass();
  }

  /** The subscribed connection is lost, so no mark will arrive on it: all waiting callers get an error. */
  lost(): void {
    this.waiting.forEach(({ fail }) => fail(new Error('the subscribed Redis connection was lost')));
  }
}
