import type { Socket } from 'socket.io';
import type { FairTurns } from '../edge/fair-turns.js';

type EngineSocket = Socket['conn'];

/** The members of engine.io's transport and of ws that are used here. The code checks that they exist. */
interface TransportInsides {
  readonly socket?: { pause?(): void; resume?(): void };
}

/**
 * The turns of Socket.IO requests. While a request waits for its turn, nothing more is read from its WebSocket. So what waits
 * is bounded by what one read of a TCP socket brings.
 */
export class RequestTurns {
  /** Requests of a connection that wait. */
  private readonly waiting = new WeakMap<EngineSocket, number>();

  constructor(private readonly turns: FairTurns) {}

  /** @param owner requests of one owner wait for each other, whatever their connection */
  take(conn: EngineSocket, owner: string | null, work: () => void): void {
    const hasBegun = this.turns.take(
      () => owner ?? conn,
      () => {
        this.ended(conn);
        work();
      },
    );
    if (!hasBegun) {
      this.waiting.set(conn, (this.waiting.get(conn) ?? 0) + 1);
      webSocketOf(conn)?.pause?.();
    }
  }

  private ended(conn: EngineSocket): void {
    const left = (this.waiting.get(conn) ?? 0) - 1;
    if (left > 0) {
      this.waiting.set(conn, left);
    } else if (left === 0) {
      this.waiting.delete(conn);
      webSocketOf(conn)?.resume?.();
    }
  }
}

function webSocketOf({ transport }: EngineSocket): TransportInsides['socket'] {
  return (transport as TransportInsides).socket;
}
