import type { ClientSession } from './client-session.js';
import type { TcpTable } from './tcp-table.js';

/** Bytes that a peer has not acknowledged after this long (ms), sent again at least so often, were sent to nobody. */
const DEAD_AFTER_MS = 3000;
const DEAD_AFTER_REPEATS = 2;
/** So many repeats take three seconds or longer: Linux doubles the time between them, from 200 ms on. */
const DEAD_AT_ONCE_REPEATS = 4;

/** Connections that may be dead: each look ends those that are, and forgets those that are not. */
export class DeadConnections {
  private readonly suspects: Set<ClientSession>;
  /** When something was written to all of them, ms. */
  private probedAt: number | null = null;

  constructor(
    sessions: readonly ClientSession[],
    private readonly table: TcpTable,
    /** Milliseconds of a clock that never jumps. */
    private readonly now: () => number,
  ) {
    this.suspects = new Set(sessions);
  }

  /**
   * Closes those that are dead, as `replaced`. The first look also writes something to the others: only what is written can
   * stay without an answer.
   *
   * @returns how many may yet prove to be dead
   */
  async look(): Promise<number> {
    const states = await this.table.of([...this.suspects].flatMap(({ outlet }) => outlet.tcp ?? []));
    const probedMs = this.probedAt === null ? 0 : this.now() - this.probedAt;
    for (const session of this.suspects) {
      const state = session.outlet.tcp && states.get(session.outlet.tcp);
      if (!state || !session.isOpen || (this.probedAt !== null && state.unacknowledged === 0)) {
        this.suspects.delete(session);
      } else if (state.unacknowledged > 0 && isDead(state.unanswered, probedMs)) {
        this.suspects.delete(session);
        session.close('replaced');
      }
    }
    if (this.probedAt === null) {
      this.suspects.forEach((session) => session.outlet.probe());
      this.probedAt = this.now();
    }
    return this.suspects.size;
  }
}

/** @param repeats how often the oldest bytes were sent in vain @param waitedMs since when an answer is missing */
function isDead(repeats: number, waitedMs: number): boolean {
  return repeats >= DEAD_AT_ONCE_REPEATS || (repeats >= DEAD_AFTER_REPEATS && waitedMs >= DEAD_AFTER_MS);
}
