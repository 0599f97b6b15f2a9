import { createHash } from 'node:crypto';
import {
  feedKey,
  OlderReader,
  type DeltaEntry,
  type OlderMessage,
  type OlderOutcome,
  type OlderPart,
  type OlderWant,
  type StreamPosition,
} from '#core';
import { OlderIds, PositionIds, type EventId } from '#protocol';
import { ManualClock, MemoryBroker, MemoryStore, StoreDriver, USUAL_LIMITS } from '#testing';
import { Deadline } from '../edge/deadline.js';
import { OlderHistory, type OlderHistoryPage } from './older-history.js';

const FEED = { language: 'zh-cn' };
const KEY = feedKey(FEED);
const CASE = 'a';
const POSTED = 165;
const KEPT = 40;
/** Three messages a second: pages and parts end within a second. */
const STEP_MS = 333;
const BEGAN_S = 1_700_000_000;
/** Sizes of pages: one ends amid a second, one is larger than history, one is a part. */
const LIMITS = [41, 100];

interface Event {
  readonly event: string;
  readonly id: string;
  readonly reason?: string;
  readonly message: { readonly content: string };
}

const POSTS = Array.from({ length: POSTED }, (_, n) => ({
  message: { content: `${n}`, type: 1 },
  sentAt: BEGAN_S * 1000 + n * STEP_MS,
}));
const upstream = new OlderReader({
  upstream: { more: async ({ before, limit }) => POSTS.filter(({ sentAt }) => sentAt < before).slice(-limit) },
  quota: { turn: () => Promise.resolve(0), throttled: () => Promise.resolve() },
  clock: new ManualClock(),
  digest: (text) => createHash('sha256').update(text).digest('base64url'),
  wait: () => Promise.resolve(),
  onOutcome: () => undefined,
});
/** What workers have read, by the second before which it is. */
const parts = new Map<number, Promise<OlderPart>>();

function partBefore(before: number): Promise<OlderPart> {
  const read = async () => {
    const outcome = await upstream.read(KEY, { caseId: CASE, before, type: 1 }, Number.POSITIVE_INFINITY);
    if (outcome.kind !== 'part') throw new Error(outcome.code);
    return outcome.part;
  };
  const part = parts.get(before) ?? read();
  parts.set(before, part);
  return part;
}

/** All that was posted, with the names that polls give. */
const entries = (async (): Promise<DeltaEntry[]> => {
  const found: OlderMessage[] = [];
  for (let before: number | null = BEGAN_S + 3600; before !== null;) {
    const part: OlderPart = await partBefore(before);
    found.unshift(...part.messages);
    before = part.next;
  }
  return found.map(({ identity, class: ofClass, message, sentAt }) => ({
    ...{ kind: 'message', caseId: CASE, identity, class: ofClass, message, sentAt, seenAt: (BEGAN_S + 3600) * 1000 },
  }));
})();

/** The pages of one ticket, whose store forgets and is filled again at instants that a test chooses. */
class Scene {
  readonly clock = new ManualClock((BEGAN_S + 3600) * 1000);
  readonly store = new MemoryStore({ ...USUAL_LIMITS, clock: this.clock, historyMax: KEPT });
  private readonly broker = new MemoryBroker(this.store);
  private readonly driver = new StoreDriver({
    ...{ store: this.store, registry: this.store, brokers: [this.broker, this.broker] as const, clock: this.clock },
    dispose: () => Promise.resolve(),
  });
  /** Called before each part is answered. */
  onPart: () => Promise<void> = () => Promise.resolve();
  readonly ids = new PositionIds({ positionSecrets: ['secret'] });
  private readonly history = new OlderHistory({
    broker: this.broker,
    registry: this.store,
    older: { read: (_, want) => this.part(want) },
    ids: this.ids,
    olderIds: new OlderIds({ positionSecrets: ['secret'] }),
    now: () => this.clock.now(),
    onPage: () => undefined,
  });

  private async part({ before }: OlderWant): Promise<OlderOutcome> {
    await this.onPart();
    return { kind: 'part', part: await partBefore(before) };
  }

  /** Some client wants the ticket, and a poll has committed so many messages of its answer, the oldest first. */
  async fill(count: number): Promise<void> {
    const until = this.clock.now() + 60_000;
    const [set] = await this.store.want(KEY, [CASE], this.clock.now(), until, 'arrival');
    const ref = set?.ref ?? { feed: KEY, id: 1 };
    if (count > 0) await this.driver.publish(ref, ...(await entries).slice(0, count));
  }

  /** The position of the newest event; where there is none, what the first page is asked for by. */
  async newest(): Promise<EventId> {
    return this.ids.idOf(await this.position());
  }

  position(): Promise<StreamPosition> {
    return this.broker.page(KEY, { caseId: CASE, after: null, limit: 1 });
  }

  page(before: EventId, limit: number, after?: EventId): Promise<OlderHistoryPage> {
    return this.history.page(FEED, CASE, { before, after, limit }, new Deadline());
  }
}

/**
 * Goes back to the beginning, as a client does: it asks again where it is told to, and begins anew where its position is unknown.
 *
 * @param between called with the number of pages so far
 */
async function wayBack(scene: Scene, limit: number, between: (pages: number) => Promise<void> | undefined) {
  const contents: number[] = [];
  let [pages, begunAnew] = [0, 0];
  for (let before: EventId | null = await scene.newest(); before !== null; pages += 1) {
    await between(pages);
    const page: OlderHistoryPage = await scene.page(before, limit).catch(async (error: { code?: string }) => {
      if (error.code !== 'unavailable') throw error;
      await scene.fill(POSTED); // The first poll has come when the client asks again.
      return scene.page(before as EventId, limit);
    });
    const events = page.events.map((text) => JSON.parse(text) as Event);
    if (events[0]?.event === 'gap') {
      expect(events.shift()).toMatchObject({ reason: 'unknown_position' });
      contents.length = 0;
      begunAnew += 1;
    }
    contents.unshift(...events.map(({ message }) => Number(message.content)));
    before = page.before;
  }
  return { contents, begunAnew, pages };
}

const range = (count: number) => Array.from({ length: count }, (_, n) => n);
/** How much of the ticket a poll has published so far. */
const FILLED = [0, 20, 100, POSTED];

describe('pages of older messages', () => {
  /** @param change what happens to the store before page number `at` */
  async function changed(limit: number, at: number, scene: Scene, change: () => Promise<void>) {
    const found = await wayBack(scene, limit, (pages) => (pages === at ? change() : undefined));
    // A client that begins anew has what is published now; one that is told nothing has all but the newest message.
    const expected = found.begunAnew > 0 ? found.contents.length : POSTED - 1;
    expect({ at, contents: found.contents }).toEqual({ at, contents: range(expected) });
    return found;
  }

  it.each(LIMITS)('H7: are whole while a store that lost its data is filled again, %i a page', async (limit) => {
    for (const filled of FILLED) {
      let total = 2;
      for (let at = 1; at < total; at += 1) {
        const scene = new Scene();
        await scene.fill(POSTED);
        const lose = async () => {
          scene.store.wipe();
          await scene.fill(filled);
        };
        total = Math.max(total, (await changed(limit, at, scene, lose)).pages);
      }
    }
  });

  it.each(LIMITS)('H7: are whole when somebody begins to follow the ticket meanwhile, %i a page', async (limit) => {
    expect((await wayBack(new Scene(), limit, () => undefined)).contents).toEqual(range(POSTED));
    for (const filled of FILLED) {
      for (let at = 1; at < POSTED / limit; at += 1) {
        const scene = new Scene();
        const found = await wayBack(scene, limit, (pages) => (pages === at ? scene.fill(filled) : undefined));
        expect([filled, at, found.contents]).toEqual([filled, at, range(POSTED)]);
      }
    }
  });

  it('H7: say that what they shall end at is not known, and do not end there', async () => {
    const scene = new Scene();
    await scene.fill(POSTED);
    const { epoch, offset } = await scene.position();
    const later = scene.ids.idOf({ epoch, offset: offset + 1 });
    const other = scene.ids.idOf({ epoch: '0'.repeat(epoch.length), offset: 1 });
    for (const unknown of [later, other, 'none']) {
      for (let before: EventId | null = await scene.newest(), pages = 0; before !== null; pages += 1) {
        const page: OlderHistoryPage = await scene.page(before, 100, unknown);
        const { event, reason } = JSON.parse(page.events[0] ?? '{}') as Event;
        expect([pages < 5, event, reason]).toEqual([true, 'gap', 'unknown_position']);
        expect(page.events.length).toBeGreaterThan(1);
        before = page.before;
      }
    }
  });

  it.each(FILLED)('H10: ask again where history begins anew while a part is read: %i are published', async (filled) => {
    for (let at = 0; at < 6; at += 1) {
      const scene = new Scene();
      await scene.fill(POSTED);
      let parts = 0;
      scene.onPart = async () => {
        parts += 1;
        if (parts !== at) return;
        scene.store.wipe();
        await scene.fill(filled);
      };
      await changed(37, -1, scene, () => Promise.resolve());
    }
  });
});
