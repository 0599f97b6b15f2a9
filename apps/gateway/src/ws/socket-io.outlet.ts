import type { Socket as ClientSocket } from 'socket.io';
import type { Publication } from '#core';
import type { ClosingData, NoticeEvent, SioFrames } from '#protocol';
import type { Outlet } from '../delivery/outlet.js';
import { EnginePipe } from './engine-pipe.js';

/** A Socket.IO connection. Its socket is in one room per ticket; delivery itself takes the shorter way of the pipe. */
export class SocketIoOutlet implements Outlet {
  readonly transport = 'socket_io';
  private readonly pipe: EnginePipe;

  constructor(
    private readonly socket: ClientSocket,
    private readonly frames: SioFrames,
  ) {
    this.pipe = new EnginePipe(socket.conn);
  }

  get unsentBytes(): number {
    return this.pipe.unsentBytes;
  }

  begin(): void {
    this.pipe.cork();
  }

  settle(): void {
    this.pipe.uncork();
  }

  publish(publication: Publication, groupId: string | undefined): void {
    this.pipe.write(this.frames.of(publication, groupId));
  }

  notify({ event, data }: NoticeEvent): void {
    this.socket.emit(event, data);
  }

  joined(rooms: readonly string[]): void {
    // The in-memory adapter joins at once: in the same tick as the replay (invariant 7).
    void this.socket.join([...rooms]);
  }

  left(rooms: readonly string[]): void {
    rooms.forEach((room) => void this.socket.leave(room));
  }

  beat(): void {
    // engine.io pings by itself.
  }

  farewell(closing: ClosingData): void {
    this.notify({ event: 'closing', data: closing });
    this.pipe.close();
  }

  destroy(): void {
    this.pipe.destroy();
  }
}
