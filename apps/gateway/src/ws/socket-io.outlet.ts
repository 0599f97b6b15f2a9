import type { Socket as TcpSocket } from 'node:net';
import type { Socket as ClientSocket } from 'socket.io';
import type { Feed, Publication } from '#core';
import {
  type ClosingData,
  type EventName,
  type FrameRun,
  type NoticeEvent,
  type SioFrame,
  type SioFrames,
  sioEvent,
} from '#protocol';
import type { Outlet } from '../session/outlet.js';
import { EnginePipe } from './engine-pipe.js';

/** The outlet of a Socket.IO connection. The socket is in one room per ticket, but events are sent through the pipe. */
export class SocketIoOutlet implements Outlet {
  readonly transport = 'socket_io';
  private readonly pipe: EnginePipe;
  /** Frames that were published in this tick and are not written yet. */
  private run: FrameRun<SioFrame> | null = null;

  constructor(
    private readonly socket: ClientSocket,
    private readonly frames: SioFrames,
  ) {
    this.pipe = new EnginePipe(socket.conn);
  }

  get unsentBytes(): number {
    return this.pipe.unsentBytes;
  }

  get tcp(): TcpSocket | null {
    return this.pipe.tcp;
  }

  begin(): void {
    this.flush();
    this.pipe.cork();
  }

  settle(): void {
    this.flush();
    this.pipe.uncork();
  }

  drained(ms: number): Promise<void> {
    return this.pipe.drained(ms);
  }

  send(publication: Publication, feed: Feed): boolean {
    return this.pipe.write(this.frames.emptyRun.with(this.frames.live(publication, feed)));
  }

  collect(publication: Publication, feed: Feed): number {
    return this.add(this.frames.live(publication, feed));
  }

  collectPast(publication: Publication, feed: Feed): number {
    return this.add(this.frames.of(publication, feed));
  }

  replay(publications: readonly Publication[], feed: Feed): void {
    this.flush();
    this.frames.runsOf(publications, feed).forEach((run) => this.pipe.write(run));
  }

  replayPart(publications: readonly Publication[], feed: Feed, isShared: boolean): void {
    this.flush();
    this.pipe.write(this.frames.partOf(publications, feed, isShared));
  }

  flush(): boolean {
    const { run } = this;
    if (run === null) {
      return true;
    }
    this.run = null;
    return this.pipe.write(run);
  }

  notify({ event, data }: NoticeEvent): void {
    this.flush();
    this.socket.emit(event, data);
  }

  text(event: EventName, data: string): void {
    this.flush();
    this.pipe.write(this.frames.emptyRun.with(sioEvent(event, data)));
  }

  joined(rooms: readonly string[]): void {
    // The in-memory adapter joins at once, in the same tick as the replay (invariant 7).
    void this.socket.join([...rooms]);
  }

  left(rooms: readonly string[]): void {
    this.flush(); // Nothing of these tickets may follow the acknowledgement.
    rooms.forEach((room) => void this.socket.leave(room));
  }

  heartbeat(): void {
    // engine.io pings by itself.
  }

  probe(): void {
    this.pipe.probe();
  }

  close(closing: ClosingData): void {
    this.notify({ event: 'closing', data: closing });
    this.pipe.close();
  }

  destroy(): void {
    this.pipe.destroy();
  }

  private add(frame: SioFrame): number {
    this.run = (this.run ?? this.frames.emptyRun).with(frame);
    return this.run.length;
  }
}
