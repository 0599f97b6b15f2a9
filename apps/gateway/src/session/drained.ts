import type { EventEmitter } from 'node:events';

/** Resolves at the next `drain` of a stream: everything that was written to it is sent. At the latest after `ms`. */
export function drained(stream: EventEmitter, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      stream.off('drain', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    stream.on('drain', done);
  });
}
