import type { Socket } from 'node:net';
import type { Feed, Publication } from '#core';
import type { Transport } from '#ops';
import type { ClosingData, EventName, NoticeEvent } from '#protocol';

/** The way out to one client, whatever its transport. No method waits or throws. */
export interface Outlet {
  readonly transport: Transport;
  /** Bytes that were written and that the operating system has not accepted yet. */
  readonly unsentBytes: number;
  /** The TCP connection that only this client uses; null with long polling. */
  readonly tcp: Socket | null;
  /** A replay, or a part of it, begins. Everything until {@link settle} may be sent in one piece. */
  begin(): void;
  /** The part is complete; the last one is acknowledged. */
  settle(): void;
  /** Resolves when everything that was written is sent, or after `ms`. Called while there are unsent bytes. */
  drained(ms: number): Promise<void>;
  /**
   * Writes a message or status when nothing waits for {@link flush}. It is the hottest path of a gateway: once per
   * publication and client.
   *
   * @returns as {@link flush}
   */
  send(publication: Publication, feed: Feed): boolean;
  /**
   * Takes a message or status to be written together with others of this tick. Everything that is written later goes
   * out behind it.
   *
   * @returns how many bytes wait for {@link flush}
   */
  collect(publication: Publication, feed: Feed): number;
  /** The same for a past publication. Other clients may get it, too: its frame is kept. */
  collectPast(publication: Publication, feed: Feed): number;
  /** Writes a replay that other clients get as well, in pieces that they share. What was collected is written before. */
  replay(publications: readonly Publication[], feed: Feed): void;
  /**
   * Writes a part of a long replay in one piece. Its frames are not kept. What was collected is written before.
   *
   * @param isShared other clients get the same list
   */
  replayPart(publications: readonly Publication[], feed: Feed, isShared: boolean): void;
  /**
   * Writes what was collected, in one piece.
   *
   * @returns true if the unsent bytes are below any limit, so that nobody has to look at them
   */
  flush(): boolean;
  /** Writes an event without a position. */
  notify(notice: NoticeEvent): void;
  /** Writes an event of which only this client gets the data, JSON text. */
  text(event: EventName, data: string): void;
  /** The tickets of these rooms are delivered from now on (`joined`), or not any more (`left`). */
  joined(rooms: readonly string[]): void;
  left(rooms: readonly string[]): void;
  /** Called four times per heartbeat interval. */
  heartbeat(): void;
  /** Writes a few bytes that the client ignores. A client that is gone does not acknowledge them. */
  probe(): void;
  /** Sends the reason, then ends the connection when everything that was written is sent. */
  close(closing: ClosingData): void;
  /** Ends the connection at once; what is unsent is lost. */
  destroy(): void;
}
