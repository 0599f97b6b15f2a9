import type { RetryBounds } from '#protocol';
import type { AcceptRate } from './accept-rate.js';
import type { Offers } from './offers.js';
import { returnSpan } from './return-span.js';

/** How long a drain waits for the store at its begin, ms. */
const ANSWER_MS = 250;

export interface OwnOfferParts {
  readonly offers: Offers;
  readonly rate: AcceptRate;
  /** Connections that have begun since this process began. */
  readonly begun: () => number;
  /** Part of the time since its last call in which the event loop was busy, 0 to 1. */
  readonly utilization: () => number;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** Resolves after `ms` milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
  /** Called once, when a drain has learned over which span its clients come back. */
  readonly onSpan: (span: RetryBounds, clients: number) => void;
  /** Called with a failure of the store during a drain. */
  readonly onError: (error: unknown) => void;
}

/** What this gateway says of itself to the others, and, when it drains, what follows from what they say. */
export class OwnOffer {
  /** Over which the clients of this drain come back; null: as the table of close reasons says. */
  span: RetryBounds | null = null;
  /** Clients at the beginning of the drain; null: there is no drain. */
  private leaving: number | null = null;
  private begunBefore = 0;
  private saidAt: number | null = null;
  private isTold = false;

  constructor(private readonly parts: OwnOfferParts) {}

  /** To be called every second. @throws if the store does not answer */
  async say(): Promise<void> {
    const { offers, rate, begun, utilization, now } = this.parts;
    if (this.leaving !== null) {
      return; // The drain says it.
    }
    const [count, at] = [begun(), now()];
    const seconds = this.saidAt === null ? 1 : Math.max(0.001, (at - this.saidAt) / 1000);
    const perS = rate.next((count - this.begunBefore) / seconds, utilization());
    [this.begunBefore, this.saidAt] = [count, at];
    await offers.say({ kind: 'accepts', perS });
  }

  /**
   * The drain begins, or a second of it has passed. It says so to the others, and learns what they say. It resolves after 250 ms
   * at the latest, and never throws.
   *
   * @param clients that are still to go
   * @param tellMs over which all of them are told
   */
  async leave(clients: number, tellMs: number): Promise<void> {
    this.leaving = Math.max(this.leaving ?? 0, clients);
    await Promise.race([this.look(this.leaving, tellMs), this.parts.wait(ANSWER_MS)]);
  }

  private async look(clients: number, tellMs: number): Promise<void> {
    const { offers, onSpan, onError } = this.parts;
    try {
      await offers.say({ kind: 'leaves', clients });
      const span = returnSpan(await offers.others(), clients, tellMs);
      if (span !== null && !this.isTold) {
        this.isTold = true;
        onSpan(span, clients);
      }
      this.span = span;
    } catch (error) {
      onError(error);
    }
  }
}
