import type { Socket } from 'socket.io-client';

/** One event of a Socket.IO client: name and data. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- parsed JSON: a wrong guess fails its test
type Received = [event: string, data: any];

/** All events of a socket from now on, but for `backfilled`: whether it comes depends on when the store polled first. */
export function record(socket: Socket): Received[] {
  const events: Received[] = [];
  socket.onAny((event: string, data: unknown) => void (event === 'backfilled' || events.push([event, data])));
  return events;
}
