import type { Figures, Overview } from './overview.js';

/** Overviews that charts show: ten minutes. */
const POINTS_MAX = 300;

/** What happened between two overviews, per second, over all processes that were there in both. */
export interface Point {
  /** s since 1970. */
  readonly at: number;
  readonly staleS: number;
  readonly requests: number;
  readonly floor: number;
  /** Requests per second if each client polled for itself. */
  readonly byClients: number;
  readonly deliveries: number;
  /** From the upstream's answer to the first socket, ms; null where nothing was delivered. */
  readonly latencyMs: number | null;
  readonly failures: number;
}

/** Requests that were sent and those that clients would have sent, since the page was opened. */
export interface Saved {
  readonly sent: number;
  readonly byClients: number;
}

/** The last overviews as numbers over time. */
export class Trend {
  readonly points: Point[] = [];
  readonly errors = new Map<string, number>();
  saved: Saved = { sent: 0, byClients: 0 };
  private last: Overview | null = null;

  add(overview: Overview): void {
    const before = this.last;
    this.last = overview;
    if (!before) return;
    const seconds = (Date.parse(overview.at) - Date.parse(before.at)) / 1000;
    if (seconds <= 0) return;
    const point = pointOf(before, overview, seconds);
    this.points.push(point);
    if (this.points.length > POINTS_MAX) this.points.shift();
    const { sent, byClients } = this.saved;
    this.saved = { sent: sent + point.requests * seconds, byClients: byClients + point.byClients * seconds };
    // As clients are told: a failed poll is `upstream_timeout`, and a refused client `too_many`.
    this.count('upstream_', growth(before.workers, overview.workers, 'poll_failures_total'));
    this.count('', growth(before.gateways, overview.gateways, 'refusals_total'));
  }

  private count(prefix: string, grown: ReadonlyMap<string, number>): void {
    for (const [code, count] of grown) {
      if (count > 0) this.errors.set(prefix + code, (this.errors.get(prefix + code) ?? 0) + count);
    }
  }
}

function pointOf(before: Overview, overview: Overview, seconds: number): Point {
  const { totals, workers, gateways, poll_interval_ms: intervalMs } = overview;
  const latency = growth(before.gateways, gateways, 'delivery_latency_seconds');
  const count = latency.get('count') ?? 0;
  const total = (grown: ReadonlyMap<string, number>) => [...grown.values()].reduce((sum, each) => sum + each, 0);
  return {
    at: Date.parse(overview.at) / 1000,
    staleS: (totals?.stalest_set_ms ?? 0) / 1000,
    requests: total(growth(before.workers, workers, 'upstream_requests_total')) / seconds,
    floor: ((totals?.floor_per_interval ?? 0) * 1000) / intervalMs,
    byClients: gateways.reduce(
      (sum, { figures }) => sum + numberOf(figures, 'upstream_requests_by_clients_per_second'),
      0,
    ),
    deliveries: total(growth(before.gateways, gateways, 'deliveries_total')) / seconds,
    latencyMs: count > 0 ? ((latency.get('sum') ?? 0) / count) * 1000 : null,
    failures: total(growth(before.workers, workers, 'poll_failures_total')) / seconds,
  };
}

interface Process {
  readonly process: string;
  readonly figures: Figures;
}

/** By how much a counter has grown, by label. A process that is new or gone does not count: its counter began at another time. */
function growth(before: readonly Process[], now: readonly Process[], name: string): ReadonlyMap<string, number> {
  const grown = new Map<string, number>();
  for (const { process, figures } of now) {
    const last = before.find((each) => each.process === process);
    if (!last) continue;
    for (const [label, value] of Object.entries(byLabel(figures[name]))) {
      const more = value - (byLabel(last.figures[name])[label] ?? 0);
      grown.set(label, (grown.get(label) ?? 0) + Math.max(0, more));
    }
  }
  return grown;
}

const byLabel = (figure: Figures[string] | undefined): Readonly<Record<string, number>> =>
  typeof figure === 'number' ? { '': figure } : (figure ?? {});

export const numberOf = (figures: Figures, name: string): number => {
  const figure = figures[name];
  return typeof figure === 'number' ? figure : 0;
};
