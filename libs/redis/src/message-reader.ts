import type { Redis } from 'ioredis';

import { PushFrames } from './push-frames.js';

/**
 * Reads the messages of channels from a connection's bytes, and emits them as ioredis does (`message`, `smessage`). ioredis
 * reads everything else. It takes 4 us of CPU for a message, and this takes 1: a gateway with few clients per ticket spends
 * most of its time here. With RESP2, and before the connection is opened, ioredis reads everything.
 *
 * It relies on one thing of ioredis: that the first listener of a new stream's `data` is its decoder
 * (test/contract/redis-messages.spec.ts).
 *
 * @param client a connection that is kept subscribed; it is not open yet
 */
export function readMessages(client: Redis): void {
  client.on('connect', () => {
    const { stream } = client;
    const [decode] = stream.listeners('data') as ((bytes: Buffer) => void)[];
    if (decode === undefined) {
      return;
    }
    const frames = new PushFrames({
      rest: decode,
      message: (event, channel, text) => {
        try {
          client.emit(event, channel, text);
        } catch (error) {
          // As ioredis does: a listener that throws must not stop the reading of what follows.
          process.nextTick(() => {
            throw error;
          });
        }
      },
    });
    stream.prependListener('data', (bytes: Buffer) => frames.write(bytes));
    stream.off('data', decode);
  });
}
