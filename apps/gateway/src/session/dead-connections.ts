import type { ClientSession } from './client-session.js';
import type { TcpTable } from './tcp-table.js';

/** A peer is dead if it has not acknowledged bytes for this long, although they were sent again, ms. */
const DEAD_AFTER_MS = 3000;
const DEAD_AFTER_REPEATS = 2;
/**
 * This many repeats take three seconds or longer, because Linux doubles the time between them, beginning with 200 ms.
 */
const DEAD_AT_ONCE_REPEATS = 4;

/** Connections that may be dead. Each look closes the dead ones and forgets those that are alive. */
export class DeadConnections {
  private readonly suspects: Set<ClientSession>;
  /** When something was written to each of them, ms. */
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
   * Closes the dead ones as `replaced`. The first look also writes something to the others, because only a write can
   * show that there is no answer.
   *
   * @returns how many may still turn out to be dead
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

/**
 * @param repeats how often the oldest bytes were sent without an answer
 * @param waitedMs for how long an answer is missing
 */
function isDead(repeats: number, waitedMs: number): boolean {
  return repeats >= DEAD_AT_ONCE_REPEATS || (repeats >= DEAD_AFTER_REPEATS && waitedMs >= DEAD_AFTER_MS);
}
