import type { Socket } from 'socket.io-client';

/** One event of a Socket.IO client: name and data. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- parsed JSON: a wrong guess fails its test
type Received = [event: string, data: any];

/** All events of a socket from now on. */
export function record(socket: Socket): Received[] {
  const events: Received[] = [];
  socket.onAny((event: string, data: unknown) => events.push([event, data]));
  return events;
}
