import { useState } from 'preact/hooks';
import { prefer, preference } from '../model/preferences.js';
import { shown } from './chart.js';
import type { Overview } from './overview.js';
import { numberOf, type Trend } from './trend.js';
import { useOpsTexts } from './words.js';

export interface TilesProps {
  readonly overview: Overview;
  readonly trend: Trend;
}

/** The figures of the moment. */
export function Tiles({ overview, trend }: TilesProps) {
  const { tiles: texts } = useOpsTexts();
  const { totals, gateways, workers } = overview;
  const point = trend.points.at(-1);
  const clients = gateways.reduce((sum, { connections }) => sum + connections, 0);
  const maxRps = workers.reduce((most, { figures }) => Math.max(most, numberOf(figures, 'upstream_max_rps')), 0);
  const requests = shown(point?.requests);
  const times = point && point.requests > 0 && point.byClients > 0 ? point.byClients / point.requests : null;
  return (
    <section class="tiles">
      <Tile
        name={texts.freshness}
        hint={texts.freshnessHint}
        value={totals ? `${(totals.stalest_set_ms / 1000).toFixed(1)} s` : '–'}
      />
      <Tile name={texts.tickets} value={texts.ticketsValue(totals?.tickets ?? 0, totals?.sets ?? 0)} />
      <Tile name={texts.requests} hint={texts.floor(shown(point?.floor))} value={texts.perSecond(requests)} />
      <Tile
        name={texts.spared}
        hint={texts.sparedHint(shown(point?.byClients))}
        value={times === null ? '–' : `${shown(times)}×`}
      />
      <Tile name={texts.quota} value={maxRps > 0 ? texts.ofQuota(requests, maxRps) : texts.noQuota} />
      <Tile name={texts.connections} hint={texts.connectionsHint(gateways.length)} value={String(clients)} />
      <Tile name={texts.latency} hint={texts.latencyHint} value={latencyOf(trend)} />
      <PriceTile trend={trend} />
    </section>
  );
}

function latencyOf({ points }: Trend): string {
  const last = points.findLast(({ latencyMs }) => latencyMs !== null)?.latencyMs;
  return last === null || last === undefined ? '–' : `${Math.round(last)} ms`;
}

function PriceTile({ trend: { saved } }: { readonly trend: Trend }) {
  const { tiles: texts } = useOpsTexts();
  const [price, setPrice] = useState(preference('price') ?? '');
  const money = ((saved.byClients - saved.sent) / 1000) * Number(price);
  return (
    <div class="tile card">
      <label>
        {texts.price}
        <input
          inputMode="decimal"
          placeholder="0.00"
          value={price}
          onInput={({ currentTarget: { value } }) => (setPrice(value), prefer('price', value))}
        />
      </label>
      <span class="hint">{Number(price) > 0 ? texts.saved(Math.max(0, money).toFixed(2)) : ''}</span>
    </div>
  );
}

interface TileProps {
  readonly name: string;
  readonly value: string;
  readonly hint?: string;
}

const Tile = ({ name, value, hint }: TileProps) => (
  <div class="tile card">
    <span class="tile-name">{name}</span>
    <span class="tile-value">{value}</span>
    <span class="hint">{hint}</span>
  </div>
);
