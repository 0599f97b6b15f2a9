import { feedKey, jsonText, type DeltaEntry, type MessageIdentity, type Publication } from '#core';
import { connectRedis, RedisBroker, RedisSetStore } from '#redis';
import { RecordingListener } from '#testing';
import { redisStoreFixture, type RedisStoreFixture } from '../fixtures/redis-store-fixture.js';
import { RedisServer } from '../harness/processes/redis-server.js';
import { until } from '../harness/until.js';

const FEED = feedKey({ language: 'en-us' });
const TRACE = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
const HOUR_MS = 3_600_000;
const BOUNDS = { historyMaxEvents: 10, historyTtlS: 3600, upstreamMaxCaseIds: 100 };

class TracedStore extends RedisSetStore {
  protected override trace(): string {
    return TRACE;
  }
}

/** The trace of a commit goes with what it publishes, and no further. */
describe('publications of a traced commit', () => {
  let server: RedisServer;
  let fixture: RedisStoreFixture;

  beforeAll(async () => {
    server = await RedisServer.start();
    fixture = await redisStoreFixture(server.url, { historyMax: 10, maxCaseIds: 100, intervalMs: 1000 });
  });
  afterAll(async () => {
    await fixture.dispose();
    await server.dispose();
  });

  it('are heard with its trace, are the same for a gateway that does not trace, and are kept without it', async () => {
    const { commands, keys, clock, registry, brokers } = fixture;
    const traced: [string, Publication][] = [];
    const onTraced = (trace: string, publication: Publication) => void traced.push([trace, publication]);
    const parts = { commands, keys, clock, onError: () => undefined };
    const other = connectRedis({ redisUrl: server.url, redisPrefix: '' }, 'patient', () => undefined);
    const broker = new RedisBroker({ ...parts, subscriber: other, gateway: 'traces', onTraced }, BOUNDS);
    const listeners = [new RecordingListener(), new RecordingListener()] as const;
    broker.listen(listeners[0]);
    brokers[0].listen(listeners[1]);
    await Promise.all([broker.watch(FEED, ['a']), brokers[0].watch(FEED, ['a'])]);

    await registry.want(FEED, ['a'], clock.now(), clock.now() + HOUR_MS, 'arrival');
    const store = new TracedStore(commands, keys, BOUNDS);
    const begun = await store.begin({ feed: FEED, id: 1 }, clock.now(), { owner: 'w', until: clock.now() + HOUR_MS });
    if (begun.kind !== 'begun') throw new Error(`found the set ${begun.kind}`);
    const { ref, fence } = begun.set;
    const seen = { caseId: 'a', seenAt: 5 };
    const entries: DeltaEntry[] = [
      { ...seen, kind: 'message', sentAt: 3, message: jsonText('x'), identity: 'x.1' as MessageIdentity, class: null },
      { ...seen, kind: 'status', status: 1 },
    ];
    const due = { active: clock.now(), idle: clock.now() };
    await store.commit({ ref, fence, now: clock.now(), entries, backfilled: ['a'], due });

    await until(() => listeners.every(({ publications }) => publications.length === 2), 5000, 'both publications');
    const [message, status] = listeners[0].publications;
    expect(message).toMatchObject({ kind: 'message', sentAt: 3, seenAt: 5 });
    expect(status).toMatchObject({ kind: 'status', status: 1, seenAt: 5 });
    expect(traced).toEqual([
      [TRACE, message],
      [TRACE, status],
    ]);
    expect(listeners[1].publications).toEqual(listeners[0].publications);
    const history = await commands.call('XRANGE', `${keys.base(FEED)}history:a`, '-', '+');
    expect(JSON.stringify(history)).not.toContain('a'.repeat(32));
    broker.stop();
    other.disconnect();
  });
});
