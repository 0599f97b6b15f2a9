import type { FeedKey } from '#core';
import { Revocations } from '../auth/revocations.js';
import { Rights } from '../auth/rights.js';
import { Deadline } from '../edge/deadline.js';
import { TestStore } from '../../test/test-store.js';
import { connections, fakeOutlet, rights } from '../../test/test-connections.js';
import type { Connections } from './connections.js';
import { DeliveryCounters } from './delivery-counters.js';
import type { Outlet } from './outlet.js';

describe('Connections', () => {
  afterEach(() => void jest.restoreAllMocks());

  it('tells a client that its token has expired, and cuts the connection if the client does not go', () => {
    const all = connections();
    const outlet = fakeOutlet() satisfies Outlet;
    all.add(rights('a', 1000), outlet, null);
    all.sweep(999);
    expect(outlet.close).not.toHaveBeenCalled();
    all.sweep(1000);
    expect(outlet.close).toHaveBeenCalledWith(expect.objectContaining({ reason: 'token_expired' }));
    expect([all.count, all.remaining]).toEqual([0, 1]);
    all.sweep(Date.now());
    expect(outlet.destroy).not.toHaveBeenCalled();
    all.sweep(Date.now() + 3001);
    expect(outlet.destroy).toHaveBeenCalled();
  });

  it('A10: is revoked with a token that is revoked while it is renewed with it', async () => {
    const revocations = new Revocations();
    const all = connections(20, new TestStore(), revocations);
    const outlet = fakeOutlet();
    const session = all.add(rights('a'), outlet, null);
    const renewed = new Rights(
      'a',
      Infinity,
      { cases: ['*'], groups: [], hints: false },
      { tokenId: 't', issuedAt: 1 },
    );
    const verify = async () => {
      revocations.merge([{ id: 'r', jti: 't', at: 0, until: 1, by: 'ops' }]);
      all.rightsChanged(); // The connection has its old token still.
      return renewed;
    };
    await session.authenticate(verify, new Deadline()).catch(() => undefined);
    expect(outlet.close).toHaveBeenCalledWith(expect.objectContaining({ reason: 'token_revoked' }));
    expect(all.count).toBe(0);
  });

  it('closes a client that exceeds the unsent limit', () => {
    const all = connections();
    const outlet = { ...fakeOutlet(), unsentBytes: 1001 };
    all.add(rights('a'), outlet, null);
    all.sweep(0);
    expect(outlet.close).toHaveBeenCalledWith(expect.objectContaining({ reason: 'slow_consumer' }));
  });

  it('says what its clients would ask the upstream for by themselves, and which of them are slow', () => {
    const all = connections();
    const sessions = [0, 501, 500].map((unsentBytes) => all.add(rights('a'), { ...fakeOutlet(), unsentBytes }, null));
    const counts = [[250], [100, 1], []];
    sessions.forEach((session, at) => {
      const feeds = (counts[at] ?? []).map((tickets) => ({ feed: 'zh-cn' as FeedKey, tickets }));
      jest.spyOn(session, 'ticketCounts', 'get').mockReturnValue(feeds);
    });
    expect(all.demand(100)).toEqual({ ownPolls: 3 + 2, slowConsumers: 1 });
  });

  it('counts connections by subject, and those without a subject not at all', async () => {
    const all = connections(1);
    const connect = async (subject: string | null) => {
      await all.admit(rights(subject), null, new Deadline());
      return all.add(rights(subject), fakeOutlet(), null);
    };
    const first = await connect('a');
    await expect(connect('a')).rejects.toThrow('at most 1 connections');
    await connect('b');
    all.gone(first);
    await connect('a');
    await connect(null);
    await connect(null);
    expect(all.count).toBe(4);
  });

  it('does not count a connection that went before it began, or that was admitted too late', async () => {
    const store = new TestStore();
    jest
      .spyOn(store.counts, 'add')
      .mockImplementation(async () => new Promise((resolve) => setTimeout(resolve, 10, true)));
    const all = connections(1, store);
    const admit = (withinMs?: number) => all.admit(rights('a'), null, new Deadline(withinMs));
    await admit();
    all.dismiss(rights('a'));
    await expect(admit(0)).rejects.toMatchObject({ code: 'unavailable' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await admit();
  });

  it('sends away the given number of clients, the oldest first', () => {
    const all = connections();
    const outlets = [fakeOutlet(), fakeOutlet(), fakeOutlet()];
    outlets.forEach((outlet) => all.add(rights('a'), outlet, null));
    all.close(2, 'draining');
    expect(outlets.map(({ close }) => close.mock.calls.length)).toEqual([1, 1, 0]);
  });

  describe('of a client that has named itself', () => {
    async function connect(all: Connections, subject: string, clientId: string | null) {
      await all.admit(rights(subject), clientId, new Deadline());
      const outlet = fakeOutlet();
      return { outlet, session: all.add(rights(subject), outlet, clientId) };
    }
    const replaced = [[expect.objectContaining({ reason: 'replaced' })]];

    it('are replaced by its newer one, also after an older one has gone', async () => {
      const all = connections(2);
      const [old, next] = [await connect(all, 'a', 'phone'), await connect(all, 'a', 'phone')];
      all.gone(old.session);
      const other = await connect(all, 'a', null);
      await connect(all, 'a', 'phone');
      expect([next.outlet.close.mock.calls, other.outlet.close.mock.calls]).toEqual([replaced, []]);
    });

    it('are not those of the client of another subject that has the same name', async () => {
      const all = connections(1);
      const [alice, bob] = [await connect(all, 'a', 'phone'), await connect(all, 'b', 'phone')];
      await connect(all, 'a', 'phone');
      expect([alice.outlet.close.mock.calls, bob.outlet.close.mock.calls]).toEqual([replaced, []]);
    });
  });

  it('are closed with a token that was revoked before they began, and count no longer', async () => {
    const revocations = { limit: jest.fn<Rights | null, [Rights]>((granted) => granted) };
    const all = connections(1, new TestStore(), revocations as never);
    revocations.limit.mockReturnValueOnce(null);
    await expect(all.admit(rights('a'), null, new Deadline())).rejects.toMatchObject({ code: 'unauthorized' });
    await all.admit(rights('a'), null, new Deadline());
    revocations.limit.mockReturnValueOnce(null);
    const outlet = fakeOutlet();
    all.add(rights('a'), outlet, null);
    expect(outlet.close).toHaveBeenCalledWith(expect.objectContaining({ reason: 'token_revoked' }));
    expect(all.count).toBe(0);
    await all.admit(rights('a'), null, new Deadline());
  });

  it('are counted when they begin, and once when they are gone', () => {
    const [opened, closed] = (['opened', 'closed'] as const).map((name) =>
      jest.spyOn(DeliveryCounters.prototype, name),
    );
    const all = connections();
    const session = all.add(rights('a'), fakeOutlet(), null);
    session.close('draining');
    expect([opened?.mock.calls, closed?.mock.calls]).toEqual([[['sse']], []]);
    all.gone(session);
    all.gone(session);
    expect([closed?.mock.calls, all.begun, all.remaining]).toEqual([[['sse']], 1, 0]);
  });

  it('are listed by subject from a number on, the oldest first', () => {
    const all = connections();
    for (const subject of ['a', 'b', 'a', 'a']) all.add(rights(subject), fakeOutlet(), null);
    const list = (...asked: Parameters<Connections['list']>) => all.list(...asked).map(({ ordinal }) => ordinal);
    expect(list(undefined, 0, 10)).toEqual([1, 2, 3, 4]);
    expect(list('a', 0, 2)).toEqual([1, 3]);
    expect(list('a', 1, 10)).toEqual([3, 4]);
    expect(list('a', 4, 10)).toEqual([]);
    expect(list(undefined, 0, 0)).toEqual([]);
  });

  it('are cut at the end, those that were sent closing included', () => {
    const all = connections();
    const outlets = [fakeOutlet(), fakeOutlet()] as const;
    const [first] = outlets.map((outlet) => all.add(rights('a'), outlet, null));
    first?.close('draining');
    all.destroy();
    expect(outlets.map(({ destroy }) => destroy.mock.calls.length)).toEqual([1, 1]);
    expect([all.count, outlets[1].close.mock.calls]).toEqual([0, []]);
  });

  it('hear of full subjects as soon as the store lets them listen, and listen once', async () => {
    const store = new TestStore();
    const listen = jest.spyOn(store.counts, 'listen').mockRejectedValueOnce(new Error('out of reach'));
    const all = connections(1, store);
    await expect(all.renewCounts()).rejects.toThrow('out of reach');
    await all.renewCounts();
    await all.renewCounts();
    expect(listen).toHaveBeenCalledTimes(2);
  });

  it('have their deliveries added up at each sweep', () => {
    const flush = jest.spyOn(DeliveryCounters.prototype, 'flush');
    connections().sweep(0);
    expect(flush).toHaveBeenCalledTimes(1);
  });
});
