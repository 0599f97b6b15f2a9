import {
  connect,
  type Client,
  type ConnectionState,
  type Gap,
  type Kept,
  type Ready,
  type Revoked,
  type Subscription,
  type TicketMessage,
  type TicketStatus,
} from '#client';
import { Conversation } from './conversation.js';
import { Journal } from './journal.js';
import { Observable } from './observable.js';

export type Transport = 'sse' | 'socket.io';

export interface SessionOptions {
  /** Empty: none is needed here. */
  readonly token: string;
  readonly transport: Transport;
  /** Language of the feed, as the gateway serves it; absent: the gateway's own. */
  readonly language?: string;
}

/** Live messages whose latency is kept. */
const LATENCIES_MAX = 50;
/** Several tickets tell of one gap at once. */
const SAME_GAP_MS = 200;

/** One connection of this page, through everything that happens to it, and the tickets that it follows. */
export class Session extends Observable {
  readonly journal = new Journal();
  readonly conversations = new Map<string, Conversation>();
  transport: Transport;
  /** Up to where this page has everything; null before the first event. */
  kept: Kept | null = null;
  /** Whether the person has cut the network. */
  isCut = false;
  /** From the upstream's answer to this page, ms, the newest last. */
  readonly latencies: number[] = [];
  /** Called with each message that arrives, in order. */
  onArrival: (event: TicketMessage) => void = () => undefined;
  private client: Client;
  private stopListening: () => void = () => undefined;
  private readonly subscriptions = new Map<string, Subscription>();
  private selectedId: string | null = null;

  constructor(private readonly options: SessionOptions) {
    super();
    this.transport = options.transport;
    this.client = this.open(null);
  }

  get state(): ConnectionState {
    return this.client.state;
  }

  get lastByteAt(): number {
    return this.client.lastByteAt;
  }

  get selected(): Conversation | null {
    return (this.selectedId !== null && this.conversations.get(this.selectedId)) || null;
  }

  select(caseId: string | null): void {
    this.selectedId = caseId;
    this.selected?.seen();
    this.changed();
  }

  follow(caseId: string): void {
    if (this.conversations.has(caseId)) return;
    this.conversations.set(caseId, new Conversation(caseId));
    this.subscribe(caseId);
    this.changed();
  }

  unfollow(caseId: string): void {
    this.subscriptions.get(caseId)?.unsubscribe();
    this.subscriptions.delete(caseId);
    this.conversations.delete(caseId);
    if (this.selectedId === caseId) this.selectedId = null;
    this.changed();
  }

  /** Goes on over another transport, from the same position: nothing is lost, and nothing comes twice. */
  use(transport: Transport): void {
    if (transport === this.transport) return;
    this.transport = transport;
    this.reopen(this.kept);
  }

  /** Forgets everything that was shown, and lets the gateway replay what came after a position. */
  resumeFrom(position: string): void {
    const caseIds = [...this.conversations.keys()];
    caseIds.forEach((caseId) => this.conversations.set(caseId, new Conversation(caseId)));
    this.journal.note({ kind: 'resumed', position });
    this.reopen({ position, caseIds });
  }

  /** The page hears what a browser says when its network is gone; the library hangs up, and waits. */
  cut(): void {
    this.isCut = true;
    dispatchEvent(new Event('offline'));
    this.changed();
  }

  heal(): void {
    this.isCut = false;
    dispatchEvent(new Event('online'));
    this.changed();
  }

  retry(): void {
    this.client.retry();
  }

  close(): void {
    this.stopListening();
    this.client.close();
  }

  looked(): void {
    if (!this.selected?.news) return;
    this.selected.seen();
    this.changed();
  }

  /** After older messages were added to a conversation. */
  refresh(): void {
    this.changed();
  }

  private reopen(kept: Kept | null): void {
    this.close();
    this.isCut = false;
    this.conversations.forEach((conversation) => conversation.paused());
    this.client = this.open(kept);
    this.subscriptions.clear();
    for (const caseId of this.conversations.keys()) this.subscribe(caseId);
    this.changed();
  }

  private open(kept: Kept | null): Client {
    const { token, language } = this.options;
    this.kept = kept;
    const client = connect({
      url: '',
      ...(token !== '' && { token }),
      ...(language !== undefined && { language }),
      transport: this.transport,
      socketIo: () => import('socket.io-client').then(({ io }) => io),
      store: { load: () => kept, save: (next) => this.keep(next) },
      // Each tab has switches of its own, so it has a connection of its own.
      tabs: false,
      retryMaxMs: 8000,
    });
    let last: ConnectionState = client.state;
    this.stopListening = client.onState((state) => {
      this.tell(last, state);
      last = state;
      if (state.name !== 'live' && state.name !== 'degraded') this.conversations.forEach((each) => each.paused());
      this.changed();
    });
    return client;
  }

  private keep(kept: Kept): void {
    this.kept = kept;
    this.changed();
  }

  private subscribe(caseId: string): void {
    const conversation = () => this.conversations.get(caseId);
    this.subscriptions.set(
      caseId,
      this.client.subscribe(caseId, {
        onMessage: (event) => this.arrived('message', event),
        onStatus: (event) => this.arrived('status', event),
        onGap: (gap) => this.gap(conversation(), gap),
        onRevoked: (revoked) => this.revoked(conversation(), revoked),
        onReady: (ready: Ready) => {
          if (ready.case_ids.includes(caseId)) this.ready(conversation(), ready);
        },
        onBackfilled: ({ case_ids: caseIds }) => {
          if (caseIds.includes(caseId)) this.backfilled(conversation());
        },
      }),
    );
  }

  private ready(conversation: Conversation | undefined, { pending = [] }: Ready): void {
    if (conversation && pending.includes(conversation.caseId)) conversation.waits();
    else conversation?.becomesLive(Date.now());
    this.changed();
  }

  private backfilled(conversation: Conversation | undefined): void {
    conversation?.becomesLive(Date.now());
    this.changed();
  }

  private arrived(kind: 'message' | 'status', event: TicketMessage | TicketStatus): void {
    const conversation = this.conversations.get(event.case_id);
    if (!conversation) return;
    const isRead = this.selectedId === event.case_id && document.visibilityState === 'visible';
    if (!conversation.add(kind, event, isRead)) return;
    if (kind === 'message' && conversation.isLive) {
      // Clocks differ: what arrives before it was seen took no time.
      this.latencies.push(Math.max(0, Date.now() - Date.parse(event.seen_at)));
      if (this.latencies.length > LATENCIES_MAX) this.latencies.shift();
    }
    if (kind === 'message') this.onArrival(event as TicketMessage);
    this.changed();
  }

  private gap(conversation: Conversation | undefined, { reason, case_ids: caseIds }: Gap): void {
    conversation?.gap(reason, Date.now());
    const [newest] = this.journal.entries;
    const isTold = newest?.kind === 'gap' && newest.reason === reason && Date.now() - newest.at < SAME_GAP_MS;
    if (!isTold) this.journal.note({ kind: 'gap', reason, caseIds });
    this.changed();
  }

  private revoked(conversation: Conversation | undefined, { reason, case_ids: caseIds }: Revoked): void {
    if (conversation && caseIds.includes(conversation.caseId)) conversation.revoked = reason;
    const [newest] = this.journal.entries;
    if (newest?.kind !== 'revoked' || newest.caseIds !== caseIds) {
      this.journal.note({ kind: 'revoked', reason, caseIds });
    }
    this.changed();
  }

  private tell(last: ConnectionState, state: ConnectionState): void {
    switch (state.name) {
      case 'live':
        if (last.name === 'degraded') this.journal.note({ kind: 'upstream-back' });
        else this.journal.note({ kind: 'live', transport: state.transport });
        return;
      case 'degraded':
        this.journal.note({ kind: 'degraded', reason: state.reason });
        return;
      case 'connecting':
        if (state.reason) this.journal.note({ kind: 'lost', reason: state.reason, retryInMs: state.retryInMs ?? 0 });
        return;
      case 'offline':
        this.journal.note({ kind: 'offline' });
        return;
      case 'denied':
        this.journal.note({ kind: 'denied', reason: state.reason });
        return;
      case 'idle':
      case 'closed':
    }
  }
}
