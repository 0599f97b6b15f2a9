import fc from 'fast-check';

import { Machine } from './machine.js';
import type { Effect, Input } from './machine-io.js';
import type { GatewayEvent } from './events.js';
import { ModelGateway, type ModelConnection } from '../test/model-gateway.js';

const TICKETS = ['A', 'B', 'C'] as const;

/** A client of one page: the machine, what its handlers got, and a store. */
class ModelPage {
  readonly gateway = new ModelGateway();
  connection: ModelConnection | null = null;
  readonly handled = new Map<string, string[]>();
  /** Events with the subscriptions that there were when they came, by ticket. */
  readonly unhandled: { readonly event: GatewayEvent; readonly of: ReadonlyMap<string, number> }[] = [];
  /** Tickets that are followed, with the number of the subscription. */
  readonly followed = new Map<string, number>();
  /** Up to where the first replay of a ticket came: everything after that has to be handled. */
  readonly replayedTo = new Map<string, string>();
  subscriptions = 0;
  private readonly asked: boolean[] = [];
  private tokens = 0;
  private readonly due = new Set<string>();
  readonly machine: Machine;
  private now = 0;

  constructor(transport: 'sse' | 'socket.io') {
    const options = { silenceMs: 45_000, readyMs: 10_000, retryMaxMs: 30_000, random: () => 0.5 };
    this.machine = new Machine({ ...options, transports: [transport], now: () => this.now });
  }

  step(input: Input): void {
    for (const effect of this.machine.step(input)) this.perform(effect);
  }

  /** Everything that only needs time: timers, deliveries, handlers. */
  settle(): void {
    for (let turns = 0; turns < 1000; turns += 1) {
      if (this.answer() || this.receive() || this.handle()) continue;
      const [timer] = [...this.due].filter((name) => name === 'plan' || name === 'retry');
      if (timer === undefined) return;
      this.due.delete(timer);
      this.step({ type: 'timer', name: timer as 'plan' });
    }
    throw new Error('the client does not come to rest');
  }

  /** The answer to the oldest question for a token. Each token is another one. */
  answer(): boolean {
    const fresh = this.asked.shift();
    if (fresh === undefined) return false;
    this.tokens += 1;
    this.step({ type: 'token', token: `${fresh ? 'new' : 'old'} ${this.tokens}`, expiresAt: null });
    return true;
  }

  receive(): boolean {
    const { connection } = this;
    const event = connection?.queue.shift();
    if (!connection || !event) return false;
    this.step({ type: 'event', connection: connection.number, event });
    return true;
  }

  handle(): boolean {
    const next = this.unhandled.shift();
    if (!next) return false;
    const { event, of } = next;
    const isOfNow = (caseId: string) => this.followed.has(caseId) && of.get(caseId) === this.followed.get(caseId);
    if (event.name === 'message') {
      const { case_id: caseId, id } = event.data;
      if (isOfNow(caseId)) {
        this.handled.set(caseId, [...(this.handled.get(caseId) ?? []), id]);
      }
    } else if (event.name === 'ready') {
      const { case_ids: caseIds, last_event_id: last } = event.data;
      const replayed = (id: string) => this.handled.get(id)?.at(-1) ?? last;
      for (const id of caseIds.filter(isOfNow)) if (!this.replayedTo.has(id)) this.replayedTo.set(id, replayed(id));
    }
    this.step({ type: 'handled' });
    return true;
  }

  cut(): void {
    const { connection } = this;
    this.hangUp();
    if (connection) this.step({ type: 'ended', connection: connection.number, message: 'cut' });
  }

  private hangUp(): void {
    if (this.connection) this.gateway.end(this.connection);
    this.connection = null;
  }

  private request(caseIds: readonly string[], position: string | null): void {
    if (this.connection) this.gateway.request(this.connection, caseIds, position);
  }

  private perform(effect: Effect): void {
    switch (effect.type) {
      case 'restore':
        return this.step({ type: 'restored', kept: null });
      case 'ask-token':
        this.asked.push(effect.fresh);
        return;
      case 'open':
        this.connection = this.gateway.connect(effect.connection);
        return this.request(effect.request.caseIds, effect.request.position);
      case 'join':
        return this.request(effect.request.caseIds, effect.request.position);
      case 'leave':
        return effect.caseIds.forEach((id) => this.connection?.live.delete(id));
      case 'hang-up':
        if (this.connection?.number === effect.connection) this.hangUp();
        return;
      case 'deliver':
        return void this.unhandled.push({ event: effect.event, of: new Map(this.followed) });
      case 'timer':
        return void this.due.add(effect.name);
      case 'stop-timer':
        return void this.due.delete(effect.name);
      default:
    }
  }
}

const COMMANDS = {
  publish: (page: ModelPage, caseId: string) => page.gateway.publish(caseId),
  subscribe: (page: ModelPage, caseId: string) => {
    if (page.followed.has(caseId)) return;
    page.subscriptions += 1;
    page.followed.set(caseId, page.subscriptions);
    page.step({ type: 'subscribe', caseIds: [caseId] });
  },
  unsubscribe: (page: ModelPage, caseId: string) => {
    if (!page.followed.delete(caseId)) return;
    page.handled.delete(caseId);
    page.replayedTo.delete(caseId);
    page.step({ type: 'unsubscribe', caseIds: [caseId] });
  },
  answer: (page: ModelPage) => void page.answer(),
  'no token': (page: ModelPage) => page.step({ type: 'token-failed', message: 'no session' }),
  'come back': (page: ModelPage) => page.step({ type: 'resumed' }),
  receive: (page: ModelPage) => void page.receive(),
  handle: (page: ModelPage) => void page.handle(),
  cut: (page: ModelPage) => page.cut(),
  settle: (page: ModelPage) => page.settle(),
  renew: (page: ModelPage) => page.step({ type: 'timer', name: 'renew' }),
  drain: (page: ModelPage) => {
    const { connection } = page;
    connection?.queue.push({ name: 'closing', data: { reason: 'draining', retry_ms: 100 } });
  },
  expire: (page: ModelPage) => {
    const { connection } = page;
    connection?.queue.push({ name: 'closing', data: { reason: 'token_expired', retry_ms: 0 } });
  },
  silence: (page: ModelPage) => page.step({ type: 'timer', name: 'silence' }),
  online: (page: ModelPage) => (page.step({ type: 'offline' }), page.step({ type: 'online' })),
  timers: (page: ModelPage) => page.step({ type: 'timer', name: 'plan' }),
} as const;
type Command = keyof typeof COMMANDS;

describe.each(['sse', 'socket.io'] as const)('the machine of the client, over %s', (transport) => {
  it('hands on every message of each ticket once and in order, whatever is cut, added and renewed', () => {
    const commands = fc.array(
      fc.tuple(
        fc.constantFrom(
          ...(Object.keys(COMMANDS) as Command[]),
          'publish' as const,
          'receive' as const,
          'answer' as const,
        ),
        fc.constantFrom(...TICKETS),
      ),
      // By itself fast-check draws ten commands at most.
      { minLength: 10, maxLength: 60, size: 'max' },
    );
    fc.assert(
      fc.property(commands, (list) => {
        const page = new ModelPage(transport);
        for (const [command, caseId] of list) COMMANDS[command](page, caseId);
        page.settle();
        TICKETS.forEach((caseId) => page.gateway.publish(caseId));
        page.settle();
        expect([...page.replayedTo.keys()].sort()).toEqual([...page.followed.keys()].sort());
        for (const [caseId, position] of page.replayedTo) {
          page.gateway.check(caseId, page.handled.get(caseId) ?? [], position);
        }
      }),
      { numRuns: Number(process.env['FC_RUNS'] ?? 1000) },
    );
  });
});
