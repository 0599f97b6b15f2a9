import type { Socket } from 'node:net';

/** Passes on what each side of a TCP proxy sends, and its end. `sockets` has both sides for as long as they are open. */
export function relay(near: Socket, far: Socket, sockets: Set<Socket>): void {
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const) {
    sockets.add(one);
    one.setNoDelay(true);
    one.on('data', (data) => other.write(data));
    one.on('error', () => undefined); // The event `close` follows.
    one.on('close', () => {
      sockets.delete(one);
      other.destroySoon(); // What one side has sent before its end reaches the other side.
    });
  }
}
