import type { Feed, Publication } from '#core';
import type { Transport } from '#ops';
import type { ClosingData, NoticeEvent } from '#protocol';

/** One connection's way out, whatever its transport. Nothing here waits, and nothing here throws. */
export interface Outlet {
  readonly transport: Transport;
  /** Bytes that were written and that the operating system has not taken yet. */
  readonly unsentBytes: number;
  /** A replay begins: what is written until it is settled may go out in one piece. */
  begin(): void;
  /** The replay is complete and was acknowledged. */
  settle(): void;
  /**
   * Writes a message or status, where nothing waits for {@link flush}. The hottest path of a gateway: once per
   * publication and client.
   *
   * @returns as {@link flush}
   */
  send(publication: Publication, feed: Feed): boolean;
  /**
   * Takes a message or status to be written with whatever else is written in this tick. Whatever is written otherwise
   * goes out behind it.
   *
   * @returns how many bytes wait for {@link flush}
   */
  publish(publication: Publication, feed: Feed): number;
  /**
   * Writes what was published, in one piece.
   *
   * @returns true where less is unsent than any limit: nothing needs to be looked at then
   */
  flush(): boolean;
  /** Writes an event without a position. */
  notify(notice: NoticeEvent): void;
  /** These rooms' tickets are delivered from now on, and no longer. */
  joined(rooms: readonly string[]): void;
  left(rooms: readonly string[]): void;
  /** Called at each quarter of the heartbeat interval. */
  heartbeat(): void;
  /** Says why, then ends the connection once everything that was written is sent. */
  close(closing: ClosingData): void;
  /** Ends the connection at once; what is unsent is lost. */
  destroy(): void;
}
