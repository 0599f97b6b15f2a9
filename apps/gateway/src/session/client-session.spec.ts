import type { ReadyData } from '#protocol';
import { Deadline } from '../edge/deadline.js';
import { Rights } from '../auth/rights.js';
import { FEED, GROUP, heldBack, MAX_CASES, sessionFixture, settled } from '../../test/session-fixture.js';
import { rights } from '../../test/test-connections.js';
import { TickWrites } from './tick-writes.js';

describe('ClientSession', () => {
  afterEach(() => void jest.restoreAllMocks());

  it('holds a ticket once, however often it is subscribed to', async () => {
    const { subscribe, session, held, counted } = sessionFixture();
    await subscribe(['a', 'b']);
    await subscribe(['b', 'c']);
    expect(await held()).toEqual(['zh-cn a', 'zh-cn b', 'zh-cn c']);
    expect(counted()).toBe(3);
    await session.unsubscribe({ feed: FEED, caseIds: ['b'] }, new Deadline());
    expect(await held()).toEqual(['zh-cn a', 'zh-cn c']);
  });

  it('delivers nothing live of a ticket that is subscribed again before the new replay, which has all', async () => {
    const { store, subscribe, outlet } = sessionFixture();
    await subscribe(['a']);
    const answers = heldBack(store);
    const again = subscribe(['a', 'b'], FEED, 10);
    await settled();
    jest.mocked(store.registry.want).mockRestore();
    await store.publish('a');
    await settled();
    expect([outlet.send.mock.calls.length, outlet.collect.mock.calls.length]).toEqual([0, 0]);
    answers.forEach(({ go }) => go());
    expect(await again).toMatchObject([{ replayed: 1 }]);
    expect([outlet.send.mock.calls.length, outlet.collectPast.mock.calls.length]).toEqual([0, 1]);
  });

  it('refuses with a retry time while the store is out of reach', async () => {
    const { store, subscribe, onError } = sessionFixture();
    const broken = new Error('out of reach');
    jest.spyOn(store.registry, 'want').mockRejectedValueOnce(broken);
    await expect(subscribe(['a'])).rejects.toMatchObject({ code: 'unavailable', details: { retryMs: 2000 } });
    expect(onError).toHaveBeenCalledWith(broken);
    expect(await subscribe(['a'])).toMatchObject([{ case_ids: ['a'] }]);
  });

  describe('with other rights', () => {
    const renewed = (cases: readonly string[], groups: readonly string[], subject = 'alice') =>
      new Rights(subject, 2000, { cases, groups, hints: false });

    it('ends the tickets of a group that it may not use any more, and keeps the others', async () => {
      const { session, subscribe, outlet, held, store } = sessionFixture();
      await subscribe(['a', 'b'], GROUP);
      await subscribe(['a']);
      await session.authenticate(async () => renewed(['*'], []), new Deadline());
      const data = { case_ids: ['a', 'b'], group_id: 'g', reason: 'rights' };
      expect(outlet.notify.mock.calls).toEqual([[{ event: 'revoked', data }]]);
      expect(await held()).toEqual(['zh-cn a']);
      await store.publish('a');
      await settled();
      expect(outlet.send).toHaveBeenCalledTimes(1);
      await expect(subscribe(['a'], GROUP)).rejects.toMatchObject({ code: 'forbidden' });
    });

    it('ends the tickets that it may not read any more, in each feed', async () => {
      const { session, subscribe, outlet, held } = sessionFixture();
      await subscribe(['a', 'b'], GROUP);
      await subscribe(['a', 'b']);
      await session.authenticate(async () => renewed(['b'], ['g']), new Deadline());
      expect(outlet.notify.mock.calls.map(([{ data }]) => data)).toEqual([
        { case_ids: ['a'], group_id: 'g', reason: 'rights' },
        { case_ids: ['a'], reason: 'rights' },
      ]);
      expect(await held()).toEqual(['zh-cn/g b', 'zh-cn b']);
    });

    it('keeps the tickets that they cover, and ends when they expire', async () => {
      const { session, subscribe, outlet, held } = sessionFixture();
      await subscribe(['a'], GROUP);
      await session.authenticate(async () => renewed(['a'], ['*']), new Deadline());
      expect(outlet.notify).not.toHaveBeenCalled();
      expect(await held()).toEqual(['zh-cn/g a']);
      session.check(1999);
      expect(outlet.close).not.toHaveBeenCalled();
      session.check(2000);
      expect(outlet.close).toHaveBeenCalledWith(expect.objectContaining({ reason: 'token_expired' }));
    });

    it('of another subject continues as before', async () => {
      const { session, subscribe, outlet } = sessionFixture();
      await expect(session.authenticate(async () => renewed(['x'], [], 'bob'), new Deadline())).rejects.toMatchObject({
        code: 'forbidden',
      });
      expect(await subscribe(['a'], GROUP)).toHaveLength(1);
      session.check(1000);
      expect(outlet.close).toHaveBeenCalledTimes(1);
    });
  });

  it('has at most ten full subscriptions, in all feeds together, and counts no ticket twice', async () => {
    const { session, subscribe } = sessionFixture(rights('alice'));
    for (let first = 0; first < 10 * MAX_CASES; first += MAX_CASES) {
      const caseIds = Array.from({ length: MAX_CASES }, (_, index) => `t${first + index}`);
      await subscribe(caseIds, { language: `l${String.fromCharCode(97 + first)}` });
    }
    await expect(subscribe(['one more'])).rejects.toMatchObject({ code: 'too_many' });
    expect(await subscribe(['t0'], { language: 'la' })).toHaveLength(1);
    await session.unsubscribe({ feed: { language: 'la' }, caseIds: ['t0'] }, new Deadline());
    expect(await subscribe(['one more'])).toHaveLength(1);
  });

  it('X6: has tickets of at most 16 feeds', async () => {
    const { session, subscribe } = sessionFixture(rights('alice'));
    const language = (number: number) => ({ language: `l-${number}0` });
    for (let number = 0; number < 16; number += 1) {
      await subscribe(['a'], language(number));
    }
    await expect(subscribe(['a'], language(16))).rejects.toMatchObject({ code: 'too_many' });
    expect(await subscribe(['b'], language(15))).toHaveLength(1);
    await session.unsubscribe({ feed: language(0), caseIds: ['a'] }, new Deadline());
    expect(await subscribe(['a'], language(16))).toHaveLength(1);
  });

  it('is closed once, for the first reason', async () => {
    const { session, subscribe, outlet, owner } = sessionFixture();
    await subscribe(['a']);
    session.tooSlow();
    session.close('draining');
    session.check(1000);
    expect(outlet.close.mock.calls).toEqual([[expect.objectContaining({ reason: 'slow_consumer' })]]);
    expect(owner.ended).toHaveBeenCalledTimes(1);
  });

  it('R10: tells when the upstream last answered for all of its tickets, also where that is in memory', async () => {
    const { store, session, subscribe, another } = sessionFixture(rights(null));
    const times: Record<string, number | null> = { a: 5000, b: 3000, c: null };
    const asked = jest.spyOn(store.registry, 'answeredAt');
    asked.mockImplementation(async (_feed, caseIds) => caseIds.map((caseId) => times[caseId] ?? null));
    const [both, again, never] = [await subscribe(['a', 'b']), await subscribe(['a', 'b']), await subscribe(['c'])];
    const at = '1970-01-01T00:00:03.000Z';
    expect([both, again, never].flat().map(({ last_answer_at }) => last_answer_at)).toEqual([at, at, null]);
    asked.mockClear();
    const ready: ReadyData[] = [];
    const parameters = { feed: FEED, caseIds: ['b', 'a'], from: { kind: 'start' as const }, history: 0 };
    const subscribing = another().subscribeOnce(parameters, new Deadline(), (data) => ready.push(data));
    expect(subscribing).toBeNull(); // It is served already.
    expect(ready).toMatchObject([{ case_ids: ['b', 'a'], last_answer_at: at }]);
    expect(asked).not.toHaveBeenCalled();
    session.end();
  });

  it('is told why it ends behind what was published before, and over which span it may come back', async () => {
    const { store, session, subscribe, outlet, counters } = sessionFixture();
    await subscribe(['a']);
    const steps: string[] = [];
    outlet.send.mockImplementation(() => steps.push('message') > 0);
    outlet.close.mockImplementation(() => void steps.push('closing'));
    const counted = jest.spyOn(counters, 'closing');
    const wait = TickWrites.prototype.add;
    jest.spyOn(TickWrites.prototype, 'add').mockImplementationOnce(function (this: TickWrites, ...written) {
      wait.apply(this, written); // It is closed before the tick ends, at whose end the message would be written.
      session.close('draining', [70_000, 70_000]);
    });
    await store.publish('a');
    expect(steps).toEqual(['message', 'closing']);
    expect(outlet.close.mock.calls).toMatchObject([[{ reason: 'draining', retry_ms: 70_000 }]]);
    expect(counted.mock.calls).toEqual([['draining']]);
  });

  describe('whose client does not read', () => {
    /** More than any replay waits for, bytes. */
    const MUCH = 100_000;

    it('gets no replay before it has read the one before', async () => {
      const { store, subscribe, outlet } = sessionFixture();
      await subscribe(['a']);
      await store.publish('a');
      await settled();
      outlet.collectPast.mockClear();
      outlet.unsentBytes = MUCH;
      const again = subscribe(['a'], FEED, 10);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(outlet.collectPast).not.toHaveBeenCalled();
      outlet.unsentBytes = 0;
      expect(await again).toMatchObject([{ replayed: 1 }]);
    });

    it('keeps what it is subscribed to while a subscribe waits, and when it is given up', async () => {
      const { store, session, subscribe, outlet, held } = sessionFixture();
      await subscribe(['a']);
      outlet.unsentBytes = MUCH;
      const deadline = new Deadline(50);
      const parameters = { feed: FEED, caseIds: ['a', 'b'], from: { kind: 'start' as const }, history: 10 };
      await expect(session.subscribe(parameters, deadline, () => undefined)).rejects.toMatchObject({
        code: 'unavailable',
      });
      await new Promise((resolve) => setTimeout(resolve, 100));
      outlet.unsentBytes = 0;
      expect(await held()).toEqual(['zh-cn a']);
      await store.publish('a');
      await settled();
      expect(outlet.send).toHaveBeenCalledTimes(1);
    });

    it('is closed when its next request comes', async () => {
      const { session, outlet } = sessionFixture();
      session.requested();
      expect(outlet.close).not.toHaveBeenCalled();
      outlet.unsentBytes = 1001;
      session.requested();
      expect(outlet.close).toHaveBeenCalledWith(expect.objectContaining({ reason: 'slow_consumer' }));
    });

    it('is closed when its replay has not shrunk for ten looks, and not before', async () => {
      const { session, subscribe, outlet } = sessionFixture();
      outlet.settle.mockImplementationOnce(() => (outlet.unsentBytes = 50_000));
      await subscribe(['a']);
      for (let look = 0; look < 9; look += 1) session.check(0);
      expect(outlet.close).not.toHaveBeenCalled();
      session.check(0);
      expect(outlet.close).toHaveBeenCalledWith(expect.objectContaining({ reason: 'slow_consumer' }));
    });
  });
});
