import type { ClosedGaps } from './closed-gaps.js';
import type { ConnectionState, EventData, Gap, GatewayEvent } from './events.js';
import { Machine } from './machine.js';
import type { Effect, Input, Kept, TimerName } from './machine-io.js';
import { newId } from './new-id.js';
import { Openers, SILENCE_MS, transportsOf } from './openers.js';
import { endOf } from './token-claims.js';
import { HandlerQueue } from './handler-queue.js';
import { watchPage } from './page-life.js';
import { Slot } from './slot.js';
import type { Link } from './transport.js';
import type { Client, ConnectOptions, Handlers, Subscription } from './client-api.js';

/** Events of a ticket that are kept for a subscription that comes later. */
const KEPT_EVENTS = 50;

interface Follower {
  readonly caseIds: ReadonlySet<string>;
  readonly handle: (event: GatewayEvent) => unknown;
  isOver: boolean;
}

/** Opens no connection before the first {@link Client.subscribe}. */
export function connect(options: ConnectOptions): Client {
  return new Shell(options);
}

/** The I/O around the {@link Machine}: transports, timers, the token, the store, handlers. It decides nothing. */
class Shell implements Client {
  state: ConnectionState = { name: 'idle' };
  private readonly machine: Machine;
  private readonly followers = new Set<Follower>();
  /** The last events of each ticket that is followed. */
  private readonly kept = new Map<string, GatewayEvent[]>();
  private closed: ClosedGaps | null = null;
  private token: string | null = null;
  private readonly listeners = new Set<(state: ConnectionState) => void>();
  private readonly timers = new Map<TimerName, ReturnType<typeof setTimeout>>();
  private readonly links = new Map<number, Link>();
  private readonly inputs: Input[] = [];
  private readonly queue = new HandlerQueue((error) => this.report(error));
  private isStepping = false;
  private saving: Promise<void> = Promise.resolve();
  private readonly clientId = newId();
  private readonly openers: Openers;
  private readonly stopWatching: () => void;

  constructor(private readonly options: ConnectOptions) {
    const { silenceMs = SILENCE_MS, readyMs = 10_000, retryMaxMs = 30_000 } = options;
    this.openers = new Openers(options, (own) => new Shell({ ...options, ...own }));
    this.machine = new Machine({
      transports: transportsOf(options),
      silenceMs,
      readyMs,
      retryMaxMs,
      random: Math.random,
      now: Date.now,
    });
    this.stopWatching = watchPage((type) => this.step({ type }));
  }

  get lastByteAt(): number {
    return this.machine.lastByteAt;
  }

  onState(listener: (state: ConnectionState) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  subscribe(caseIds: string | readonly string[], handlers: Handlers = {}): Subscription {
    const wanted = new Set(typeof caseIds === 'string' ? [caseIds] : caseIds);
    const ends: (() => void)[] = [];
    const call = ({ name, data }: GatewayEvent) => {
      const handler = `on${name.slice(0, 1).toUpperCase()}${name.slice(1)}` as keyof Handlers;
      return (handlers[handler] as ((data: EventData[keyof EventData]) => unknown) | undefined)?.(data);
    };
    let iterate: ((event: GatewayEvent) => Promise<void>) | null = null;
    const follower: Follower = {
      caseIds: wanted,
      isOver: false,
      handle: (event) => (iterate ? Promise.all([call(event), iterate(event)]) : call(event)),
    };
    const held = [...wanted]
      .flatMap((id) => this.kept.get(id) ?? [])
      .sort((one, other) => (idOf(one) < idOf(other) ? -1 : 1));
    this.followers.add(follower);
    for (const id of wanted) if (!this.kept.has(id)) this.kept.set(id, []);
    for (const event of held) this.queue.add(() => !follower.isOver && follower.handle(event));
    this.step({ type: 'subscribe', caseIds: [...wanted] });
    return {
      unsubscribe: () => {
        if (follower.isOver) return;
        follower.isOver = true;
        this.followers.delete(follower);
        ends.forEach((end) => end());
        const left = [...wanted].filter((id) => ![...this.followers].some((other) => other.caseIds.has(id)));
        for (const id of left) {
          this.kept.delete(id);
          this.closed?.forget(id);
        }
        if (left.length > 0) this.step({ type: 'unsubscribe', caseIds: left });
      },
      [Symbol.asyncIterator]() {
        const slot = new Slot();
        iterate = (event) => slot.put(event);
        ends.push(() => slot.end());
        return { next: () => slot.next(), return: async () => (this.unsubscribe(), { done: true, value: undefined }) };
      },
    };
  }

  retry(): void {
    this.step({ type: 'retry' });
  }

  close(): void {
    this.stopWatching();
    this.step({ type: 'close' });
    this.openers.close();
    this.timers.forEach((timer) => clearTimeout(timer));
  }

  /** An input that comes while another one is worked, from a handler for example, waits for its turn. */
  private step(input: Input): void {
    this.inputs.push(input);
    if (this.isStepping) return;
    this.isStepping = true;
    try {
      for (let next = this.inputs.shift(); next; next = this.inputs.shift()) {
        for (const effect of this.machine.step(next)) this.perform(effect);
      }
    } finally {
      this.isStepping = false;
    }
  }

  private perform(effect: Effect): void {
    switch (effect.type) {
      case 'restore':
        return this.restore();
      case 'ask-token':
        return this.askToken(effect.fresh);
      case 'open':
        return this.open(effect);
      case 'join':
        return this.links.get(effect.connection)?.join?.(effect.request);
      case 'leave':
        return this.links.get(effect.connection)?.leave?.(effect.caseIds);
      case 'authenticate':
        return this.links.get(effect.connection)?.authenticate?.(effect.token);
      case 'hang-up':
        this.links.get(effect.connection)?.close();
        this.links.delete(effect.connection);
        return;
      case 'deliver':
        return this.deliver(effect.event);
      case 'save':
        return this.save(effect.kept);
      case 'timer':
        clearTimeout(this.timers.get(effect.name));
        this.timers.set(
          effect.name,
          setTimeout(() => this.step({ type: 'timer', name: effect.name }), effect.ms),
        );
        return;
      case 'stop-timer':
        return clearTimeout(this.timers.get(effect.name));
      case 'state':
        this.state = effect.state;
        for (const listener of [...this.listeners]) void this.queue.guard(() => listener(effect.state));
    }
  }

  private open({ connection, transport, token, request }: Extract<Effect, { type: 'open' }>): void {
    const { url, groupId, language, history, unread } = this.options;
    const wanted = {
      ...request,
      url: url.replace(/\/$/, ''),
      token,
      groupId,
      language,
      history,
      unread,
      clientId: this.clientId,
    };
    const link = this.openers.open(transport, wanted, {
      event: (event) => this.step({ type: 'event', connection, event }),
      alive: (reason) => this.step({ type: 'alive', connection, reason }),
      refused: (refusal) => this.step({ type: 'refused', connection, refusal }),
      ended: (message) => this.step({ type: 'ended', connection, message }),
      room: () => this.queue.room(),
    });
    this.links.set(connection, link);
  }

  private restore(): void {
    const { store } = this.options;
    void Promise.resolve()
      .then(() => store?.load() ?? null)
      .catch((error: unknown) => (this.report(error), null))
      .then((kept) => this.step({ type: 'restored', kept }));
  }

  private askToken(fresh: boolean): void {
    const { token } = this.options;
    const given = (value: string | null) => {
      this.token = value;
      this.step({ type: 'token', token: value, expiresAt: value === null ? null : endOf(value) });
    };
    if (typeof token !== 'function') {
      given(token ?? null);
      return;
    }
    void Promise.resolve()
      .then(() => token({ fresh }))
      .then(given, (error: unknown) => this.step({ type: 'token-failed', message: `no token: ${String(error)}` }));
  }

  private deliver(event: GatewayEvent): void {
    const kept = this.keptOf(event);
    this.queue.add(async () => {
      const isClosed = event.name === 'gap' && (await this.closeGap(event.data));
      // A ticket that was left meanwhile and is followed again gets its last events from the gateway.
      if (!isClosed && this.keptOf(event) === kept) await this.tell(event);
      this.step({ type: 'handled' });
    });
  }

  private async tell(event: GatewayEvent): Promise<void> {
    if ('case_id' in event.data) {
      // Pages of history have no unread counts, so none came with them.
      if (event.name !== 'unread' && this.closed?.has(event.data)) return;
      const kept = this.keptOf(event);
      if (kept && kept.push(event) > KEPT_EVENTS) kept.shift();
    }
    const followers = [...this.followers].filter(({ caseIds }) => concerns(event, caseIds));
    for (const follower of followers) {
      if (!follower.isOver) await this.queue.guard(() => follower.handle(event));
    }
  }

  /** The events that follow wait until what is lost has come. @returns false if it cannot be had */
  private async closeGap(gap: Gap): Promise<boolean> {
    if (!gap.before || typeof fetch !== 'function') return false;
    const { url, groupId, language } = this.options;
    const source = { url: url.replace(/\/$/, ''), token: this.token, groupId, language };
    try {
      this.closed ??= new (await import('./closed-gaps.js')).ClosedGaps();
      await this.closed.close(gap, source, (lost) => this.tell(lost));
      return true;
    } catch {
      return false;
    }
  }

  private keptOf({ data }: GatewayEvent): GatewayEvent[] | undefined {
    return 'case_id' in data ? this.kept.get(data.case_id) : undefined;
  }

  /** Saves one after the other: an older position never replaces a newer one. */
  private save(kept: Kept): void {
    const { store } = this.options;
    if (store) this.saving = this.saving.then(() => this.queue.guard(() => store.save(kept)));
  }

  private report(error: unknown): void {
    if (this.options.onError) this.options.onError(error);
    else {
      setTimeout(() => {
        throw error;
      });
    }
  }
}

function concerns(event: GatewayEvent, caseIds: ReadonlySet<string>): boolean {
  const { data } = event;
  if ('case_id' in data) return caseIds.has(data.case_id);
  return 'case_ids' in data ? data.case_ids.some((id) => caseIds.has(id)) : true;
}

const idOf = (event: GatewayEvent) => ('id' in event.data ? event.data.id : '');
