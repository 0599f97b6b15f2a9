import type { ConnectionCounts } from './connection-counts.js';

/** How long a new connection waits for the store to count it, ms. Then it is counted by this gateway alone. */
export const COUNTED_WITHIN_MS = 250;
/**
 * Connections that go on in one turn of the event loop after they waited in vain. All that came while the store was silent have
 * waited in vain at once, and deliveries would wait for all of them.
 */
const LATE_PER_TURN = 16;
/** For this long after a missing answer the store is not asked, ms. */
const AWAY_MS = 1000;
/** Numbers that are told to the store at once, and the pause before the next ones, ms. */
const TOLD_MAX = 500;
const TOLD_PAUSE_MS = 20;
/** Every number is written again after this long, ms, because the store keeps a number for an hour. */
const TELL_ALL_MS = 1_200_000;

export type Counted = 'counted' | 'full_here' | 'full_elsewhere';

/**
 * `MAX_CONNECTIONS_PER_SUBJECT`. Each gateway counts its own connections; the store only adds the numbers of all gateways.
 * While the store does not answer, each gateway counts for itself, so that no client is refused because of the store.
 */
export class SubjectLimit {
  private readonly own = new Map<string, number>();
  /**
   * Subjects whose number the store does not have yet. Cleared when the store fails, because then all are written
   * again.
   */
  private readonly changed = new Set<string>();
  private timer: NodeJS.Timeout | NodeJS.Immediate | null = null;
  /** Connections that waited in vain, and have not gone on yet. */
  private readonly late: (() => void)[] = [];
  private awayUntil = Number.NEGATIVE_INFINITY;
  private toldAllAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly counts: ConnectionCounts,
    /** `MAX_CONNECTIONS_PER_SUBJECT` */
    readonly most: number,
    /** Milliseconds of a monotonic clock. */
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Connections of the subject on this gateway. */
  of(subject: string): number {
    return this.own.get(subject) ?? 0;
  }

  /** Counts one more connection, if there may be one more. It never throws. */
  add(subject: string): Promise<Counted> {
    const own = this.of(subject);
    if (own >= this.most) {
      return Promise.resolve('full_here');
    }
    // This comes first, so that other connections of the same tick are counted on top of it.
    this.own.set(subject, own + 1);
    // Told once the store is back.
    return this.now() < this.awayUntil ? Promise.resolve('counted') : this.ask(subject, own);
  }

  /** Removes a connection that was counted. */
  remove(subject: string): void {
    const own = this.of(subject) - 1;
    if (own > 0) {
      this.own.set(subject, own);
    } else {
      this.own.delete(subject);
    }
    this.change(subject);
  }

  /** To be called every second. @throws where the store does not answer */
  async renew(): Promise<void> {
    try {
      const isKnown = await this.counts.renew();
      this.awayUntil = Number.NEGATIVE_INFINITY;
      if (!isKnown || this.now() - this.toldAllAt >= TELL_ALL_MS) {
        this.toldAllAt = this.now();
        [...this.own.keys()].forEach((subject) => this.changed.add(subject));
      }
      this.tell();
    } catch (error) {
      this.changed.clear();
      throw error;
    }
  }

  private ask(subject: string, own: number): Promise<Counted> {
    return new Promise((resolve) => {
      let isOver = false;
      const over = (answer: boolean | null) => {
        if (isOver) {
          return;
        }
        isOver = true;
        clearTimeout(timer);
        if (answer === null) {
          this.failed(subject);
        } else if (!answer) {
          this.remove(subject);
        }
        resolve(answer === false ? 'full_elsewhere' : 'counted');
      };
      const timer = setTimeout(() => this.goOnSoon(() => over(null)), COUNTED_WITHIN_MS);
      this.counts.add(subject, own, this.most).then(over, () => over(null));
    });
  }

  /** An answer that has come by then, and was not read yet, is still heard: the turn may have begun late. */
  private goOnSoon(goOn: () => void): void {
    this.late.push(goOn);
    if (this.late.length === 1) {
      setImmediate(this.nextTurn);
    }
  }

  private readonly nextTurn = (): void => {
    this.late.splice(0, LATE_PER_TURN).forEach((goOn) => goOn());
    if (this.late.length > 0) {
      setImmediate(this.nextTurn);
    }
  };

  private change(subject: string): void {
    this.changed.add(subject);
    this.timer ??= setImmediate(() => this.tell());
  }

  private tell(): void {
    this.timer = null;
    if (this.now() < this.awayUntil) {
      return; // At the next renewal that succeeds.
    }
    const some = [...this.changed].slice(0, TOLD_MAX);
    for (const subject of some) {
      this.changed.delete(subject);
      this.counts.set(subject, this.of(subject)).catch(() => this.failed(subject));
    }
    if (this.changed.size > 0) {
      this.timer ??= setTimeout(() => this.tell(), TOLD_PAUSE_MS).unref();
    }
  }

  /** The renewal of the lease, which fails as well then, says so. */
  private failed(subject: string): void {
    this.awayUntil = this.now() + AWAY_MS;
    this.changed.add(subject);
  }
}
