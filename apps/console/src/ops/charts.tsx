import { Chart } from './chart.js';
import type { Trend } from './trend.js';
import { useOpsTexts } from './words.js';

export function Charts({ trend: { points } }: { readonly trend: Trend }) {
  const { charts: texts } = useOpsTexts();
  const times = points.map(({ at }) => at);
  return (
    <section class="charts">
      <Chart
        title={texts.freshness}
        times={times}
        empty={texts.empty}
        series={[{ name: texts.stale, colour: 'accent', values: points.map(({ staleS }) => staleS) }]}
      />
      <Chart
        title={texts.requests}
        times={times}
        empty={texts.empty}
        series={[
          { name: texts.sent, colour: 'accent', values: points.map(({ requests }) => requests) },
          { name: texts.floor, colour: 'soft', isDashed: true, values: points.map(({ floor }) => floor) },
          {
            name: texts.byClients,
            colour: 'customer',
            isDashed: true,
            values: points.map(({ byClients }) => byClients),
          },
        ]}
      />
      <Chart
        title={texts.deliveries}
        times={times}
        empty={texts.empty}
        series={[
          { name: texts.delivered, colour: 'accent', values: points.map(({ deliveries }) => deliveries) },
          { name: texts.failures, colour: 'bad', isDashed: true, values: points.map(({ failures }) => failures) },
        ]}
      />
    </section>
  );
}
