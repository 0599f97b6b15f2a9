import type { Figures, Overview } from './overview.js';
import { Trend } from './trend.js';

const START = Date.parse('2026-11-27T10:00:00.000Z');

function overview(seconds: number, workers: Record<string, Figures>, gateways: Record<string, Figures> = {}): Overview {
  const processes = (all: Record<string, Figures>) =>
    Object.entries(all).map(([process, figures]) => ({ process, figures }));
  return {
    at: new Date(START + seconds * 1000).toISOString(),
    poll_interval_ms: 1000,
    totals: { stalest_set_ms: 700, floor_per_interval: 2 },
    workers: processes(workers),
    gateways: processes(gateways),
  } as never;
}

describe('the trend of a deployment', () => {
  it('is what happened per second, of processes that were there before, too', () => {
    const trend = new Trend();
    trend.add(overview(0, { a: { upstream_requests_total: 100 } }));
    trend.add(overview(2, { a: { upstream_requests_total: 104 }, b: { upstream_requests_total: 5000 } }));
    expect(trend.points).toMatchObject([{ requests: 2, floor: 2, staleS: 0.7 }]);
    trend.add(overview(4, { a: { upstream_requests_total: 3 }, b: { upstream_requests_total: 5002 } }));
    expect(trend.points.at(-1)).toMatchObject({ requests: 1 }); // The counter of `a` began anew.
  });

  it('knows errors by kind, the latency, and what sharing has spared', () => {
    const trend = new Trend();
    const gateway = (sum: number, count: number, refused: number): Figures => ({
      upstream_requests_by_clients_per_second: 10,
      delivery_latency_seconds: { sum, count },
      refusals_total: { too_many: refused },
    });
    trend.add(overview(0, { a: { poll_failures_total: { timeout: 1 } } }, { g: gateway(1, 10, 0) }));
    trend.add(overview(2, { a: { poll_failures_total: { timeout: 4 } } }, { g: gateway(1.5, 20, 2) }));
    expect([...trend.errors]).toEqual([
      ['upstream_timeout', 3],
      ['too_many', 2],
    ]);
    expect(trend.points[0]).toMatchObject({ latencyMs: 50, failures: 1.5 });
    expect(trend.saved).toEqual({ sent: 0, byClients: 20 });
  });
});
