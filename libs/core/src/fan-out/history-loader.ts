import type { FeedDelivery } from './feed-delivery.js';
import type { FeedKey } from '../model/feed.js';
import type { FeedState } from './feed-state.js';
import { callsOf, HistoryWants } from './history-wants.js';
import type { Broker, HistoryWant } from './ports/broker.js';

/**
 * Loads history into the state of one feed, for subscriptions that need more than is in memory. Everything that is
 * wanted during a call goes into the next call, merged by ticket. So a thousand clients that wait for the same tickets
 * cost one call.
 */
export class HistoryLoader {
  private waiting: (() => readonly HistoryWant[])[] = [];
  private inFlight: Promise<void> = Promise.resolve();
  private queued: Promise<void> | null = null;

  constructor(
    private readonly feed: FeedKey,
    private readonly broker: Pick<Broker, 'history'>,
    private readonly state: FeedState,
    private readonly delivery: FeedDelivery,
  ) {}

  /**
   * Resolves when the history is read. If a repair begins meanwhile, the history may not be taken in. So the caller has
   * to check again what is missing.
   *
   * @param missing called when its turn has come: the call before it may have read what is wanted
   * @throws if the store is out of reach
   */
  load(missing: () => readonly HistoryWant[]): Promise<void> {
    this.waiting.push(missing);
    this.queued ??= this.loadQueued();
    return this.queued;
  }

  private async loadQueued(): Promise<void> {
    await this.inFlight.catch(() => undefined); // The callers that wait for that call get its error.
    const wants = new HistoryWants();
    this.waiting.forEach((missing) => wants.add(missing()));
    this.waiting = [];
    this.queued = null;
    this.inFlight = this.loadAll(wants.take());
    await this.inFlight;
  }

  private async loadAll(wants: readonly HistoryWant[]): Promise<void> {
    for (const call of callsOf(wants)) {
      await this.loadCall(call);
    }
  }

  private async loadCall(wants: readonly HistoryWant[]): Promise<void> {
    const { state, delivery } = this;
    const { repairs } = delivery;
    const { noticeCount } = state.quarantined;
    const snapshot = await this.broker.history(this.feed, wants, state.position);
    if (delivery.isRepairing || delivery.repairs !== repairs) {
      return; // A repair has read history meanwhile, and this snapshot may be older.
    }
    if (state.hasOtherEpoch(snapshot.epoch)) {
      delivery.repair();
    } else {
      state.absorb(snapshot, noticeCount);
    }
  }
}
