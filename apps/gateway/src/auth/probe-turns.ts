import { Refusal, TOO_MANY_REQUESTS } from '#protocol';

const SECOND_MS = 1000;
/** Part of all turns that one client may have, and part that all tokens may have together that were never found good. */
const CLIENT_PART = 1 / 4;
const UNPROVEN_PART = 1 / 2;
/** Most questions of one client that wait, and of all clients. */
const CLIENT_WAITING_MAX = 50;
const WAITING_MAX = 5000;

export interface ProbeLimits {
  /** `AUTH_PROBE_MAX_CONCURRENT` */
  readonly authProbeMaxConcurrent: number;
  /** `AUTH_PROBE_MAX_RPS` */
  readonly authProbeMaxRps: number;
}

/** Who asks. */
export interface Asker {
  /** What the turns are counted by: a token, or the address of a client whose token was never found good. */
  readonly client: string;
  readonly isProven: boolean;
}

/** So many at once, and so many in any second. */
class Budget {
  private running = 0;
  private readonly starts: number[] = [];

  constructor(
    private readonly maxAtOnce: number,
    private readonly maxPerSecond: number,
  ) {}

  static part(of: number, { authProbeMaxConcurrent, authProbeMaxRps }: ProbeLimits): Budget {
    return new Budget(Math.ceil(authProbeMaxConcurrent * of), Math.ceil(authProbeMaxRps * of));
  }

  isIdle(now: number): boolean {
    return this.waitMs(now) === 0 && this.running === 0 && this.starts.length === 0;
  }

  /** How long until one more may begin, ms; infinite: until one ends. */
  waitMs(now: number): number {
    while (this.starts[0] !== undefined && this.starts[0] <= now - SECOND_MS) {
      this.starts.shift();
    }
    if (this.running >= this.maxAtOnce) {
      return Number.POSITIVE_INFINITY;
    }
    return this.starts.length < this.maxPerSecond ? 0 : (this.starts[0] ?? now) + SECOND_MS - now;
  }

  begin(now: number): void {
    this.running += 1;
    this.starts.push(now);
  }

  end(): void {
    this.running -= 1;
  }
}

interface Client {
  readonly budget: Budget;
  readonly waiting: { readonly isProven: boolean; readonly begin: () => void }[];
}

/**
 * Whose turn it is to ask the upstream about rights. The turns of one process are bounded, clients have them one after
 * the other, and invented tokens leave half of them to tokens that are known to be good.
 */
export class ProbeTurns {
  /** The one that waits longest for its next turn is the first. */
  private readonly clients = new Map<string, Client>();
  private readonly all: Budget;
  private readonly unproven: Budget;
  private waitingCount = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly limits: ProbeLimits,
    /** Milliseconds of a monotonic clock. */
    private readonly now: () => number = () => performance.now(),
  ) {
    this.all = Budget.part(1, limits);
    this.unproven = Budget.part(UNPROVEN_PART, limits);
  }

  /** Questions that wait for their turn. */
  get waiting(): number {
    return this.waitingCount;
  }

  /** Asks when the turn has come. @throws {Refusal} where too many wait, and what `ask` throws */
  async run<T>(asker: Asker, ask: () => Promise<T>): Promise<T> {
    const budgets = await this.turn(asker);
    try {
      return await ask();
    } finally {
      budgets.forEach((budget) => budget.end());
      this.pump();
    }
  }

  private turn({ client: name, isProven }: Asker): Promise<readonly Budget[]> {
    const client = this.clients.get(name) ?? { budget: Budget.part(CLIENT_PART, this.limits), waiting: [] };
    if (client.waiting.length >= CLIENT_WAITING_MAX) {
      const words = 'too many questions about the rights of this client wait for the upstream';
      throw new Refusal('too_many', words, { status: TOO_MANY_REQUESTS, retryMs: SECOND_MS });
    }
    if (this.waitingCount >= WAITING_MAX) {
      throw new Refusal('unavailable', 'too many questions about rights wait for the upstream');
    }
    this.clients.set(name, client);
    this.waitingCount += 1;
    return new Promise((resolve) => {
      const begin = () => {
        const now = this.now();
        const budgets = [this.all, client.budget, ...(isProven ? [] : [this.unproven])];
        budgets.forEach((budget) => budget.begin(now));
        resolve(budgets);
      };
      client.waiting.push({ isProven, begin });
      this.pump();
    });
  }

  /** Begins what may begin. A client that has had a turn becomes the last one. */
  private pump(): void {
    const now = this.now();
    let againMs = this.all.waitMs(now);
    if (againMs === 0) {
      againMs = SECOND_MS;
      for (const [name, client] of this.clients) {
        const waitMs = this.waitOf(client, now);
        if (waitMs > 0) {
          againMs = Math.min(againMs, waitMs);
        } else if (client.waiting.length > 0) {
          this.clients.delete(name);
          this.clients.set(name, client);
          this.waitingCount -= 1;
          client.waiting.shift()?.begin();
        } else if (client.budget.isIdle(now)) {
          this.clients.delete(name);
        }
      }
    }
    clearTimeout(this.timer ?? undefined);
    this.timer = this.clients.size === 0 ? null : setTimeout(() => this.pump(), Math.min(againMs, SECOND_MS)).unref();
  }

  private waitOf({ budget, waiting }: Client, now: number): number {
    const [next] = waiting;
    const unprovenMs = next === undefined || next.isProven ? 0 : this.unproven.waitMs(now);
    return next === undefined ? 0 : Math.max(this.all.waitMs(now), budget.waitMs(now), unprovenMs);
  }
}
