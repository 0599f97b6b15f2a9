import fc from 'fast-check';

import { Machine } from './machine.js';
import type { Effect, Input } from './machine-io.js';
import type { GatewayEvent, Ready } from './events.js';

const HISTORY = 3;
const TICKETS = ['A', 'B', 'C'] as const;
const idOf = (offset: number) => `0epoch-${String(offset).padStart(12, '0')}`;

interface Connection {
  readonly number: number;
  /** What it still sends, in order. */
  readonly queue: GatewayEvent[];
  readonly live: Set<string>;
}

/**
 * A gateway after PROTOCOL.md: each publication has the next id of the feed; a request gets its replay (R1, R2, R5), `ready`
 * (R6), then live events (R7). What a cut connection had not sent is gone.
 */
class ModelGateway {
  readonly published: { id: string; case_id: string }[] = [];
  connection: Connection | null = null;

  publish(caseId: string): void {
    const event = { id: idOf(this.published.length + 1), case_id: caseId };
    this.published.push(event);
    if (this.connection?.live.has(caseId)) this.connection.queue.push(message(event));
  }

  request(caseIds: readonly string[], position: string | null): void {
    const { connection } = this;
    if (!connection) return;
    const wanted = this.published.filter((event) => caseIds.includes(event.case_id));
    const replay =
      position === null
        ? caseIds.flatMap((id) => wanted.filter((event) => event.case_id === id).slice(-HISTORY))
        : wanted.filter((event) => event.id > position);
    replay.sort((one, other) => (one.id < other.id ? -1 : 1)).forEach((event) => connection.queue.push(message(event)));
    const ready: Ready = {
      case_ids: caseIds,
      language: 'zh-cn',
      last_event_id: idOf(this.published.length),
      recovered: position !== null,
      replayed: replay.length,
      last_answer_at: null,
    };
    connection.queue.push({ name: 'ready', data: ready });
    caseIds.forEach((id) => connection.live.add(id));
  }
}

const message = ({ id, case_id }: { id: string; case_id: string }): GatewayEvent => ({
  name: 'message',
  data: { id, case_id, message: {}, sent_at: null, seen_at: '' },
});

/** A client of one page: the machine, what its handlers got, and a store. */
class ModelPage {
  readonly gateway = new ModelGateway();
  readonly handled = new Map<string, string[]>();
  readonly unhandled: GatewayEvent[] = [];
  /** Tickets that are followed, with the number of publications before that. */
  readonly followed = new Map<string, number>();
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
      if (this.receive() || this.handle()) continue;
      const [timer] = [...this.due].filter((name) => name === 'plan' || name === 'retry');
      if (timer === undefined) return;
      this.due.delete(timer);
      this.step({ type: 'timer', name: timer as 'plan' });
    }
    throw new Error('the client does not come to rest');
  }

  receive(): boolean {
    const { connection } = this.gateway;
    const event = connection?.queue.shift();
    if (!connection || !event) return false;
    this.step({ type: 'event', connection: connection.number, event });
    return true;
  }

  handle(): boolean {
    const event = this.unhandled.shift();
    if (!event) return false;
    if (event.name === 'message') {
      const { case_id: caseId, id } = event.data;
      this.handled.set(caseId, [...(this.handled.get(caseId) ?? []), id]);
    }
    this.step({ type: 'handled' });
    return true;
  }

  cut(): void {
    const { connection } = this.gateway;
    this.gateway.connection = null;
    if (connection) this.step({ type: 'ended', connection: connection.number, message: 'cut' });
  }

  private perform(effect: Effect): void {
    switch (effect.type) {
      case 'restore':
        return this.step({ type: 'restored', kept: null });
      case 'ask-token':
        return this.step({ type: 'token', token: effect.fresh ? 'new' : 'old', expiresAt: null });
      case 'open':
        this.gateway.connection = { number: effect.connection, queue: [], live: new Set() };
        return this.gateway.request(effect.request.caseIds, effect.request.position);
      case 'join':
        return this.gateway.request(effect.request.caseIds, effect.request.position);
      case 'leave':
        return effect.caseIds.forEach((id) => this.gateway.connection?.live.delete(id));
      case 'hang-up':
        if (this.gateway.connection?.number === effect.connection) this.gateway.connection = null;
        return;
      case 'deliver':
        return void this.unhandled.push(effect.event);
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
    page.followed.set(caseId, page.gateway.published.length);
    page.step({ type: 'subscribe', caseIds: [caseId] });
  },
  receive: (page: ModelPage) => void page.receive(),
  handle: (page: ModelPage) => void page.handle(),
  cut: (page: ModelPage) => page.cut(),
  settle: (page: ModelPage) => page.settle(),
  renew: (page: ModelPage) => page.step({ type: 'timer', name: 'renew' }),
  drain: (page: ModelPage) => {
    const { connection } = page.gateway;
    connection?.queue.push({ name: 'closing', data: { reason: 'draining', retry_ms: 100 } });
  },
  expire: (page: ModelPage) => {
    const { connection } = page.gateway;
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
        fc.constantFrom(...(Object.keys(COMMANDS) as Command[]), 'publish' as const, 'receive' as const),
        fc.constantFrom(...TICKETS),
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(commands, (list) => {
        const page = new ModelPage(transport);
        for (const [command, caseId] of list) COMMANDS[command](page, caseId);
        page.settle();
        TICKETS.forEach((caseId) => page.gateway.publish(caseId));
        page.settle();
        for (const [caseId, before] of page.followed) {
          const all = page.gateway.published.filter((event) => event.case_id === caseId).map(({ id }) => id);
          const got = page.handled.get(caseId) ?? [];
          // What came before the subscription may be missing at the begin, and nothing after that.
          expect(got).toEqual(all.slice(all.length - got.length));
          const since = all.filter((id) => id > idOf(before));
          expect(got.length).toBeGreaterThanOrEqual(Math.min(since.length, all.length));
        }
      }),
      { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 1000) },
    );
  });
});
