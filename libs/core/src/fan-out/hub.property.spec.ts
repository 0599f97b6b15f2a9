import fc, { type Scheduler } from 'fast-check';
import { ModelClient, ManualClock, MemoryBroker, MemoryStore, Truth } from '#testing';
import { feedKey } from '../model/feed.js';
import type { FeedStreamOptions } from './feed-stream.js';
import type { MessageIdentity } from '../model/fingerprint.js';
import { Hub } from './hub.js';
import { jsonText } from '../model/json.js';
import { QUARANTINE_MAX_MS } from '../polling/bisection.js';
import type { Notice, Subscriber } from './subscription.js';
import type { TicketSet } from '../polling/ticket-set.js';

/**
 * Two gateways, clients that move between them with their last position, connections to Redis that break, histories
 * that are trimmed, a Redis that loses its data. Each client must get every publication of its tickets once and in
 * order, or a
 * `gap`. A wrong gap is a failure, too.
 */

const FEED = { language: 'en-us' };
const KEY = feedKey(FEED);
const TICKETS = ['a', 'b', 'c'];
/** The ticket that the upstream refuses at times. */
const REFUSED = 'c';
const CLIENTS: readonly (readonly string[])[] = [
  ['a', 'b'],
  ['a', 'b'],
  ['c', 'b'],
  ['a', 'b', 'c'],
];
/** Small, so that a few publications are enough to lose some. */
const HISTORY_MAX = 4;
const WHOLE = { historyMax: HISTORY_MAX, tailMax: 2, idleMs: 1000 };
/** Every replay of more than one publication is a long one. */
const SLICED = { ...WHOLE, replay: { wholeMax: 1, wholeMaxBytes: 1000, sliceMax: 2, sliceMaxBytes: 20 } };
/** More steps than any run can need. */
const STEPS_MAX = 20_000;

type Event =
  | { readonly kind: 'publish'; readonly tickets: readonly string[] }
  | { readonly kind: 'fail' | 'wipe' | 'refuse' | 'allow' }
  | { readonly kind: 'connect'; readonly client: number; readonly gateway: number }
  | { readonly kind: 'disconnect'; readonly client: number }
  /** A stranger names a position that was never given. */
  | { readonly kind: 'invent'; readonly gateway: number; readonly ahead: number }
  | { readonly kind: 'interrupt' | 'restore' | 'sweep'; readonly gateway: number }
  | { readonly kind: 'flush'; readonly gateway: number; readonly count: number }
  | { readonly kind: 'step'; readonly count: number };

const gateway = fc.nat({ max: 1 });
const client = fc.nat({ max: CLIENTS.length - 1 });
const count = fc.integer({ min: 1, max: 4 });
const one = <K extends Event['kind']>(kind: K) => fc.constant(kind);
const events: fc.Arbitrary<Event[]> = fc.array(
  fc.oneof(
    {
      weight: 10,
      arbitrary: fc.record({
        kind: one('publish'),
        tickets: fc.array(fc.constantFrom(...TICKETS), { minLength: 1, maxLength: 3 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('fail' as const, 'wipe' as const) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('refuse' as const, 'allow' as const) }) },
    { weight: 8, arbitrary: fc.record({ kind: one('connect'), client, gateway }) },
    { weight: 4, arbitrary: fc.record({ kind: one('disconnect'), client }) },
    { weight: 2, arbitrary: fc.record({ kind: one('invent'), gateway, ahead: fc.constantFrom(1000, 1e9) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constantFrom('interrupt' as const, 'restore' as const, 'restore' as const, 'sweep' as const),
        gateway,
      }),
    },
    { weight: 10, arbitrary: fc.record({ kind: one('flush'), gateway, count }) },
    { weight: 14, arbitrary: fc.record({ kind: one('step'), count }) },
  ),
  { maxLength: 70, size: 'max' },
);

/** One connection of a client to a gateway. */
interface Session {
  readonly gateway: number;
  readonly subscriber: Subscriber;
  alive: boolean;
}

class World {
  readonly truth = new Truth(HISTORY_MAX);
  readonly clients = CLIENTS.map((tickets) => new ModelClient(tickets, this.truth));
  private readonly clock = new ManualClock();
  private readonly store = new MemoryStore({
    clock: this.clock,
    maxCaseIds: 100,
    historyMax: HISTORY_MAX,
    intervalMs: 1000,
  });
  private readonly gateways: readonly { readonly broker: MemoryBroker; readonly hub: Hub }[];
  private readonly sessions = new Map<number, Session>();
  private readonly faults: unknown[] = [];
  private said = 0;

  constructor(
    private readonly scheduler: Scheduler,
    private readonly history: number,
    private readonly options: FeedStreamOptions,
  ) {
    this.store.connect({
      published: (_, publication) => void this.truth.log.push(publication),
      upstreamChanged: (_, { state }) => void (this.truth.upstream = state),
      quarantineChanged: (_, caseId, quarantined) =>
        void (quarantined ? this.truth.quarantined.add(caseId) : this.truth.quarantined.delete(caseId)),
    });
    const latency = () => this.scheduler.schedule(Promise.resolve());
    this.gateways = [0, 1].map(() => {
      const broker = new MemoryBroker(this.store, { delivery: 'on_flush', latency });
      return { broker, hub: new Hub({ broker, wait: latency }, this.options) };
    });
  }

  async happen(event: Event): Promise<void> {
    switch (event.kind) {
      case 'publish':
        return this.publish(event.tickets);
      case 'fail':
        return this.fail();
      case 'wipe':
        return this.wipe();
      case 'refuse':
        return this.refuse();
      case 'allow':
        return this.allow();
      case 'connect':
        return this.connect(event.client, event.gateway);
      case 'disconnect':
        return this.disconnect(event.client);
      case 'invent':
        return this.invent(event.gateway, event.ahead);
      case 'interrupt':
        return this.gateways[event.gateway]?.broker.interrupt();
      case 'restore':
        return this.gateways[event.gateway]?.broker.restore();
      case 'sweep':
        this.clock.advance(WHOLE.idleMs);
        return this.gateways[event.gateway]?.hub.sweep(this.clock.now());
      case 'flush':
        return this.gateways[event.gateway]?.broker.flush(event.count);
      case 'step':
        for (let left = event.count; left > 0 && this.scheduler.count() > 0; left -= 1) {
          await this.scheduler.waitOne();
        }
    }
  }

  /** Ends all faults, and connects every client. */
  async settle(): Promise<void> {
    this.gateways.forEach(({ broker }) => broker.restore());
    await this.publish(TICKETS);
    await this.rest();
    CLIENTS.forEach((_, client) => this.connect(client, client % 2));
    await this.rest();
    for (const fault of this.faults) {
      throw fault;
    }
    expect(this.store.historyOf(KEY, [], null).epoch).toBe(this.truth.epoch);
  }

  /** Resolves when nothing is in progress. */
  private async rest(): Promise<void> {
    const idle = async () => {
      // By then everything has run that does not wait for a latency.
      await new Promise((resolve) => setImmediate(resolve));
      this.gateways.forEach(({ broker }) => broker.flush());
      await new Promise((resolve) => setImmediate(resolve));
      return this.scheduler.count() === 0;
    };
    for (let step = 0; !(await idle()); step += 1) {
      if (step > STEPS_MAX) {
        throw new Error('something goes on for ever');
      }
      await this.scheduler.waitOne();
    }
  }

  private async publish(tickets: readonly string[]): Promise<void> {
    const set = await this.take();
    const entries = tickets.map((caseId) => {
      this.said += 1;
      const message = jsonText({ content: String(this.said) });
      const identity = message as string as MessageIdentity;
      return { kind: 'message', caseId, identity, class: null, message } as const;
    });
    const times = { sentAt: 0, seenAt: 0 };
    await this.store.commit({
      ref: set.ref,
      fence: set.fence,
      now: this.clock.now(),
      entries: entries.map((one) => ({ ...one, ...times })),
      backfilled: [],
      due: { active: 0, idle: 0 },
    });
  }

  /** The feed is degraded until the next publication. */
  private async fail(): Promise<void> {
    for (let failures = 0; failures < 2; failures += 1) {
      const { ref, fence } = await this.take();
      await this.store.fail({ ref, fence, now: this.clock.now(), code: 'timeout', dueAt: 0 });
    }
  }

  /** The upstream refuses one of the tickets. */
  private async refuse(): Promise<void> {
    for (const { ref, fence } of await this.sets()) {
      await this.store.recordBisection({ ref, fence, now: this.clock.now(), bisection: null, quarantined: [REFUSED] });
    }
  }

  /** The upstream answers for it again. */
  private async allow(): Promise<void> {
    await this.take();
    this.clock.advance(QUARANTINE_MAX_MS);
    await this.store.sweep(KEY, this.clock.now());
    const back = (await this.sets()).filter(({ joining }) => joining.includes(REFUSED));
    for (const { ref, fence } of back) {
      const due = { active: 0, idle: 0 };
      await this.store.commit({ ref, fence, now: this.clock.now(), entries: [], backfilled: [REFUSED], due });
    }
  }

  private async sets(): Promise<TicketSet[]> {
    const now = this.clock.now();
    const refs = await this.store.overdue(KEY, Number.POSITIVE_INFINITY);
    const begun = await Promise.all(refs.map((ref) => this.store.begin(ref, now, { owner: 'worker', until: now })));
    return begun.flatMap((one) => (one.kind === 'begun' ? [one.set] : []));
  }

  /** Redis loses everything, without a notice. */
  private async wipe(): Promise<void> {
    if (this.truth.upstream === 'degraded') {
      // A stated limit: states have no epoch. So a state from before the first read of a feed is kept after the loss.
      await this.publish(['a']);
    }
    this.store.wipe();
    this.truth.quarantined.clear();
    await this.take();
  }

  private async take() {
    const now = this.clock.now();
    await this.store.want(KEY, TICKETS, now, now + 1e12, 'renewal');
    const begun = await this.store.begin({ feed: KEY, id: 1 }, now, { owner: 'worker', until: now });
    if (begun.kind !== 'begun') {
      throw new Error('the set has no other owner here');
    }
    this.truth.epoch = this.store.historyOf(KEY, [], null).epoch;
    return begun.set;
  }

  private connect(index: number, gateway: number): void {
    const client = this.clients[index];
    const hub = this.gateways[gateway]?.hub;
    if (client === undefined || hub === undefined || this.sessions.has(index)) {
      return;
    }
    const session: Session = {
      gateway,
      alive: true,
      subscriber: {
        replay: async (slice) => {
          this.check(session, () => client.replay(slice));
          await this.scheduler.schedule(Promise.resolve());
        },
        recover: (recovery) => this.check(session, () => client.recover(recovery, this.history)),
        deliver: (publication) => this.check(session, () => client.deliver(publication)),
        notify: (notice) => this.check(session, () => client.notify(notice)),
      },
    };
    this.sessions.set(index, session);
    client.connected();
    const { position } = client;
    const from =
      position === null ? ({ kind: 'start' } as const) : ({ kind: 'position', position, isProven: true } as const);
    const request = { caseIds: client.tickets, from, history: this.history, isAbandoned: () => !session.alive };
    // A client that is refused because the store is out of reach tries again.
    if (hub.subscribeNow(FEED, request, session.subscriber)) return;
    hub.subscribe(FEED, request, session.subscriber).catch(() => this.disconnect(index));
  }

  /** It gets a gap, and leaves. The epoch ends for nobody: the clients' checks would see it. */
  private invent(gateway: number, ahead: number): void {
    const hub = this.gateways[gateway]?.hub;
    const { epoch, offset } = this.store.historyOf(KEY, [], null);
    const from = { kind: 'position', position: { epoch, offset: offset + ahead }, isProven: false } as const;
    const told: Notice[] = [];
    const stranger: Subscriber = {
      replay: async ({ notices }) => void told.push(...notices),
      recover: ({ notices, recovered }) =>
        this.check({ alive: true }, () => {
          expect(recovered).toBe(false);
          expect([...told, ...notices]).toContainEqual({ kind: 'gap', caseIds: TICKETS, reason: 'unknown_position' });
        }),
      deliver: () => undefined,
      notify: () => undefined,
    };
    const leave = () => hub?.unsubscribe(FEED, TICKETS, stranger);
    hub?.subscribe(FEED, { caseIds: TICKETS, from, history: 0 }, stranger).then(leave, leave);
  }

  /** Keeps errors for the end of the test, because the hub catches errors of subscribers. */
  private check(session: Pick<Session, 'alive'>, told: () => void): void {
    try {
      if (!session.alive) throw new Error('a client that has left was told something');
      told();
    } catch (fault) {
      this.faults.push(fault);
    }
  }

  private disconnect(index: number): void {
    const session = this.sessions.get(index);
    if (session !== undefined) {
      session.alive = false;
      this.sessions.delete(index);
      this.gateways[session.gateway]?.hub.unsubscribe(FEED, CLIENTS[index] ?? [], session.subscriber);
    }
  }
}

describe('Hub, whatever happens', () => {
  const hold = async (options: FeedStreamOptions) => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.nat({ max: HISTORY_MAX }), events, async (scheduler, history, happenings) => {
        const world = new World(scheduler, history, options);
        for (const event of happenings) {
          await world.happen(event);
        }
        await world.settle();
        world.clients.forEach((client) => client.expectUpToDate());
      }),
      { numRuns: Number(process.env['FC_RUNS'] ?? 600) },
    );
  };

  it('gives each client every publication once, or a gap', () => hold(WHOLE), 120_000);

  it('gives each client every publication once, or a gap, where replays come in slices', () => hold(SLICED), 120_000);
});
