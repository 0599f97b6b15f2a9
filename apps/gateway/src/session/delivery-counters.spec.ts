import { Registry } from 'prom-client';
import type { Publication } from '#core';
import { DeliveryMetrics } from '#ops';
import { DeliveryCounters } from './delivery-counters.js';

describe('DeliveryCounters', () => {
  function fixture(now = 0) {
    const registry = new Registry();
    const metrics = new DeliveryMetrics(registry);
    const written = jest.fn();
    const counters = new DeliveryCounters(metrics, () => now, { written });
    const value = async (name: string) => {
      const text = await registry.getSingleMetricAsString(`pollcast_${name.replace(/\{.*/, '')}`);
      return Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`pollcast_${name} `))
          ?.split(' ')
          .at(-1) ?? 0,
      );
    };
    return { counters, metrics, written, value };
  }
  const publication = (seenAt: number) => ({ seenAt }) as Publication;

  it('counts each event once per client, by transport, and adds it to the metrics once', async () => {
    const { counters, value } = fixture();
    const one = publication(0);
    counters.delivered(one, 'sse');
    counters.delivered(one, 'sse');
    counters.delivered(one, 'socket_io');
    counters.replayed(40, 'socket_io');
    const deliveries = async () => [
      await value('deliveries_total{transport="sse"}'),
      await value('deliveries_total{transport="socket_io"}'),
    ];
    counters.flush();
    expect(await deliveries()).toEqual([2, 41]);
    counters.flush();
    expect(await deliveries()).toEqual([2, 41]);
    counters.delivered(one, 'sse');
    counters.flush();
    expect(await deliveries()).toEqual([3, 41]);
  });

  it('measures and traces an event when its first client gets it, and not again', () => {
    const { counters, metrics, written } = fixture(500);
    const firstWritten = jest.spyOn(metrics, 'firstWritten');
    const [one, next] = [publication(100), publication(450)];
    for (const each of [one, one, next, next]) counters.delivered(each, 'sse');
    expect(firstWritten.mock.calls).toEqual([[400], [50]]);
    expect(written.mock.calls).toEqual([[one], [next]]);
    counters.replayed(3, 'sse');
    expect(firstWritten).toHaveBeenCalledTimes(2);
  });

  it('counts gaps by their reason, and no other notice', () => {
    const { counters, metrics } = fixture();
    const gap = jest.spyOn(metrics, 'gap');
    counters.noticed({ kind: 'gap', caseIds: ['a'], reason: 'unknown_position' });
    counters.noticed({ kind: 'revoked', caseIds: ['a'] });
    expect(gap.mock.calls).toEqual([['unknown_position']]);
  });

  it('counts connections by transport, closings by reason, and tickets', async () => {
    const { counters, value } = fixture();
    counters.opened('sse');
    counters.opened('sse');
    counters.opened('socket_io');
    counters.closed('sse');
    counters.closing('draining');
    counters.subscribed(5);
    counters.subscribed(-2);
    expect([
      await value('connections{transport="sse"}'),
      await value('connections{transport="socket_io"}'),
      await value('closings_total{reason="draining"}'),
      await value('subscriptions'),
    ]).toEqual([1, 1, 1, 3]);
  });
});
