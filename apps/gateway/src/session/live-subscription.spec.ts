import { Registry } from 'prom-client';
import type { Publication } from '#core';
import { DeliveryMetrics } from '#ops';
import { fakeOutlet } from '../../test/test-connections.js';
import { Connection } from './connection.js';
import { DeliveryCounters } from './delivery-counters.js';
import { LiveSubscription } from './live-subscription.js';
import { ReplayPace } from './replay-pace.js';
import { TickWrites } from './tick-writes.js';
import { UnsentLimit } from './unsent-limit.js';

const FEED = { language: 'en-us' };
const publication = { seenAt: 0 } as Publication;
const RECOVERY = {
  caseIds: [],
  notices: [],
  replay: [],
  isShared: false,
  position: { epoch: 'e', offset: 1 },
  recovered: true,
  pending: [],
  cuts: [],
};

describe('LiveSubscription', () => {
  let calls: string[];
  let subscription: LiveSubscription;
  beforeEach(() => {
    calls = [];
    const outlet = fakeOutlet();
    for (const method of ['begin', 'settle', 'send', 'collect', 'flush', 'notify', 'left'] as const) {
      outlet[method].mockImplementation(() => {
        calls.push(method);
        return undefined as never;
      });
    }
    const counters = new DeliveryCounters(new DeliveryMetrics(new Registry()));
    const connection = new Connection(outlet, new UnsentLimit(1000), counters, { tooSlow: () => undefined });
    const parts = {
      writes: new TickWrites(),
      pace: new ReplayPace(() => 0),
      ids: { idOf: ({ offset }: { readonly offset: number }) => String(offset) },
    };
    subscription = new LiveSubscription(FEED, 'en-us' as never, connection, parts);
  });

  it('writes at the end of the tick', async () => {
    subscription.deliver(publication);
    expect(calls).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).toEqual(['send']);
  });

  it.each<[string, () => void, string]>([
    ['a notice', () => subscription.notify({ kind: 'revoked', caseIds: [] }), 'notify'],
    ['a lost right', () => subscription.revoke([]), 'notify'],
    ['the end of a ticket', () => subscription.forget([]), 'left'],
    ['a replay', () => subscription.recover(RECOVERY), 'begin'],
  ])('writes what waits before %s', (_, act, call) => {
    subscription.deliver(publication);
    act();
    expect(calls.slice(0, 2)).toEqual(['send', call]);
  });
});
