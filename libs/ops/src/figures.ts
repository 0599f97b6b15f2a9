import type { Registry } from 'prom-client';
import { METRICS_PREFIX } from './metrics.js';

/** Values of metrics by their names without the prefix: a number, or numbers by label. Of a histogram: `sum` and `count`. */
export type Figures = Readonly<Record<string, number | Readonly<Record<string, number>>>>;

/**
 * What a process counts, for the overview of operators.
 *
 * @param names of metrics, without the prefix; one that the process does not have is left out
 * @param others what is told beside them
 */
export async function figuresOf(registry: Registry, names: readonly string[], others: Figures = {}): Promise<Figures> {
  const figures: Record<string, number | Readonly<Record<string, number>>> = { ...others };
  for (const name of names) {
    const metric = registry.getSingleMetric(`${METRICS_PREFIX}${name}`);
    if (metric !== undefined) {
      figures[name] = figureOf((await metric.get()).values as readonly Sample[]);
    }
  }
  return figures;
}

interface Sample {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly metricName?: string;
}

function figureOf(samples: readonly Sample[]): number | Readonly<Record<string, number>> {
  const byLabel: Record<string, number> = {};
  for (const { value, labels, metricName } of samples) {
    const part = /_(sum|count|bucket)$/.exec(metricName ?? '')?.[1];
    if (part === 'bucket') {
      continue;
    }
    // `program` is a label of every metric.
    const [label] = Object.entries(labels).filter(([name]) => name !== 'program');
    const key = part ?? label?.[1];
    if (key === undefined) {
      return value;
    }
    byLabel[key] = (byLabel[key] ?? 0) + value;
  }
  return byLabel;
}
