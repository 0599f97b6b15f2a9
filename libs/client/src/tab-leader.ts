import type { Client, Subscription } from './client-api.js';
import type { EventData } from './events.js';
import type { PositionStore } from './store.js';
import { TabHub, type HeardEvent, type HubEffect, type HubInput } from './tab-hub.js';
import type { NewLeader, ToLeader } from './tab-messages.js';

/** How long a new leader waits for the other tabs, and how long it keeps a ticket that nobody wants, ms. */
const DELAYS_MS = { gathered: 50, lingered: 5000 } as const;

/** The I/O around the {@link TabHub}: channels to the tabs, and one client of the gateway. It decides nothing. */
export class TabLeader {
  private readonly hub: TabHub;
  private readonly all: BroadcastChannel;
  private readonly channels = new Map<string, BroadcastChannel>();
  private readonly subscriptions = new Map<string, Subscription>();
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();
  private client: Client | null = null;

  /**
   * @param key names the group of tabs
   * @param connect makes a client with a connection of its own
   * @param signal ends everything
   */
  constructor(
    private readonly key: string,
    history: number,
    private readonly connect: (store: PositionStore) => Client,
    private readonly signal: AbortSignal,
  ) {
    this.hub = new TabHub(history);
    this.all = new BroadcastChannel(key);
    this.all.onmessage = ({ data }: MessageEvent<ToLeader | NewLeader>) => {
      if (data.type !== 'leader') this.step(data);
    };
    this.all.postMessage({ type: 'leader' } satisfies NewLeader);
    signal.addEventListener('abort', () => this.end());
  }

  private end(): void {
    this.timers.forEach((timer) => clearTimeout(timer));
    this.client?.close();
    for (const channel of [this.all, ...this.channels.values()]) channel.close();
  }

  private step(input: HubInput): void {
    if (this.signal.aborted) return;
    for (const effect of this.hub.step(input)) this.perform(effect);
  }

  private perform(effect: HubEffect): void {
    switch (effect.type) {
      case 'send':
        return this.channel(effect.tab).postMessage(effect.message);
      case 'watch':
        return this.watch(effect.tab);
      case 'timer': {
        const timer = setTimeout(() => {
          this.timers.delete(timer);
          this.step({ type: effect.name });
        }, DELAYS_MS[effect.name]);
        this.timers.add(timer);
        return;
      }
      case 'start': {
        const save: PositionStore['save'] = (kept) => this.step({ type: 'kept', kept });
        this.client = this.connect({ load: () => effect.kept, save });
        this.client.onState((state) => this.step({ type: 'state', state }));
        return;
      }
      case 'follow':
        return effect.caseIds.forEach((id) => this.follow(id));
      case 'leave':
        return effect.caseIds.forEach((id) => {
          this.subscriptions.get(id)?.unsubscribe();
          this.subscriptions.delete(id);
        });
      case 'retry':
        return this.client?.retry();
    }
  }

  private follow(caseId: string): void {
    const hear = (event: HeardEvent) => this.step({ type: 'event', event });
    const of = <Data extends EventData['gap' | 'revoked']>(data: Data): Data => ({ ...data, case_ids: [caseId] });
    const subscription = this.client?.subscribe(caseId, {
      onMessage: (data) => hear({ name: 'message', data }),
      onStatus: (data) => hear({ name: 'status', data }),
      onUnread: (data) => hear({ name: 'unread', data }),
      // Each ticket has a subscription of its own, and says it for itself.
      onGap: (data) => hear({ name: 'gap', data: of(data) }),
      onRevoked: (data) => hear({ name: 'revoked', data: of(data) }),
      onBackfilled: () => hear({ name: 'backfilled', data: { case_ids: [caseId] } }),
      onUpstream: (data) => hear({ name: 'upstream', data }),
      onReady: (data) => hear({ name: 'ready', data }),
    });
    if (subscription) this.subscriptions.set(caseId, subscription);
  }

  /** A tab holds a lock until it is closed, also if it crashes. */
  private watch(tab: string): void {
    const gone = () => {
      this.channels.get(tab)?.close();
      this.channels.delete(tab);
      this.step({ type: 'gone', tab });
    };
    navigator.locks.request(`${this.key}/${tab}`, { signal: this.signal }, gone).catch(() => undefined);
  }

  private channel(tab: string): BroadcastChannel {
    const channel = this.channels.get(tab) ?? new BroadcastChannel(`${this.key}/${tab}`);
    this.channels.set(tab, channel);
    return channel;
  }
}
