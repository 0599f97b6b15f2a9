/** A cumulative histogram: pairs of an upper edge in ms and the number of polls up to it, in ascending order. */
export type Histogram = readonly (readonly [edgeMs: number, count: number])[];

/** The sum of all workers' `pollcast_poll_lag_seconds`. */
export async function scrapeLag(ports: readonly number[]): Promise<Histogram> {
  const counts = new Map<number, number>();
  for (const port of ports) {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    for (const [, edge = '', count = ''] of text.matchAll(
      /^pollcast_poll_lag_seconds_bucket\{le="([^"]+)".*\} (\d+)$/gm,
    )) {
      const edgeMs = edge === '+Inf' ? Number.POSITIVE_INFINITY : Number(edge) * 1000;
      counts.set(edgeMs, (counts.get(edgeMs) ?? 0) + Number(count));
    }
  }
  return [...counts].sort(([a], [b]) => a - b);
}

/** The upper edge of the bucket that holds the percentile, ms. @param share 0 to 1 */
export function percentile(histogram: Histogram, share: number): number {
  const total = histogram.at(-1)?.[1] ?? 0;
  return histogram.find(([, count]) => count >= total * share)?.[0] ?? 0;
}
