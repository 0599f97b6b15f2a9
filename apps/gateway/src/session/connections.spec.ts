import type { FeedKey } from '#core';
import { Revocations } from '../auth/revocations.js';
import { Rights } from '../auth/rights.js';
import { Deadline } from '../edge/deadline.js';
import { TestStore } from '../../test/test-store.js';
import { connections, fakeOutlet, rights } from '../../test/test-connections.js';
import type { Outlet } from './outlet.js';

describe('Connections', () => {
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
});
