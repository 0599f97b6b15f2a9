/**
 * Writes down metrics once at a time, for all who ask: it takes some ms of CPU, and up to a MB. Those who
 * ask meanwhile share the next text. It is begun after they asked, so nobody reads old numbers. All answers of one text share
 * its bytes.
 */
export class SharedMetrics {
  private current: Promise<unknown> = Promise.resolve();
  private next: Promise<Buffer> | null = null;

  constructor(private readonly source: { metrics(): Promise<string> }) {}

  /** @throws what the source throws */
  text(): Promise<Buffer> {
    this.next ??= this.current.then(() => {
      const text = this.source.metrics().then((metrics) => Buffer.from(metrics));
      this.next = null;
      this.current = text.catch(() => undefined); // Those who asked get the error.
      return text;
    });
    return this.next;
  }
}
