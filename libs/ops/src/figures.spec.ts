import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { figuresOf } from './figures.js';

describe('the figures of a process', () => {
  const registry = new Registry();
  registry.setDefaultLabels({ program: 'gateway' });
  const registers = [registry];
  const help = 'x';

  it('are numbers, numbers by label, and of a histogram its sum and count', async () => {
    new Gauge({ name: 'pollcast_feeds', help, registers }).set(7);
    const refusals = new Counter({ name: 'pollcast_refusals_total', help, labelNames: ['code'], registers });
    refusals.inc({ code: 'invalid' }, 2);
    refusals.inc({ code: 'too_many' });
    const latency = new Histogram({ name: 'pollcast_latency_seconds', help, buckets: [1], registers });
    [0.5, 2].forEach((value) => latency.observe(value));
    const names = ['feeds', 'refusals_total', 'latency_seconds', 'none'];
    expect(await figuresOf(registry, names, { sets: 3 })).toEqual({
      ...{ sets: 3, feeds: 7, refusals_total: { invalid: 2, too_many: 1 } },
      latency_seconds: { sum: 2.5, count: 2 },
    });
  });
});
