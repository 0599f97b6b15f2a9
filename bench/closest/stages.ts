/** Sum of seconds and count of a histogram, by the value of its label `stage`. */
export type StageSums = ReadonlyMap<string, { readonly seconds: number; readonly count: number }>;

const LINE = /^pollcast_delivery_stage_seconds_(sum|count)\{[^}]*stage="(\w+)"[^}]*\} (\S+)$/gm;

/** Reads `pollcast_delivery_stage_seconds` from the metrics of some programs. */
export function stageSums(metrics: readonly string[]): StageSums {
  const sums = new Map<string, { seconds: number; count: number }>();
  for (const [, field = '', stage = '', value = ''] of metrics.join('\n').matchAll(LINE)) {
    const sum = sums.get(stage) ?? { seconds: 0, count: 0 };
    sum[field === 'sum' ? 'seconds' : 'count'] += Number(value);
    sums.set(stage, sum);
  }
  return sums;
}

/** How long after the upstream's answer each stage was reached between two readings, ms, on average. */
export function stageMeans(before: StageSums, after: StageSums): Readonly<Record<string, number>> {
  const means = [...after].map(([stage, { seconds, count }]) => {
    const earlier = before.get(stage) ?? { seconds: 0, count: 0 };
    return [stage, ((seconds - earlier.seconds) / (count - earlier.count)) * 1000] as const;
  });
  return Object.fromEntries(means);
}
