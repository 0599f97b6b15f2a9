import type { Notice, Publication } from '#core';
import type { DeliveryMetrics, DeliveryTracing, Transport, TransportMetrics } from '#ops';

/**
 * Counts deliveries. The hottest path of a gateway only adds to a number; the metrics get the sums once a second.
 */
export class DeliveryCounters {
  private readonly written: Record<Transport, number> = { sse: 0, socket_io: 0 };
  private newest: Publication | null = null;

  constructor(
    private readonly metrics: DeliveryMetrics,
    /** Redis's time, by which `seenAt` was taken, ms since 1970. */
    private readonly now: () => number = Date.now,
    private readonly tracing: Pick<DeliveryTracing, 'written'> | null = null,
  ) {}

  /** A live publication was written to one client. */
  delivered(publication: Publication, transport: Transport): void {
    this.written[transport] += 1;
    if (publication !== this.newest) {
      this.newest = publication;
      this.metrics.firstWritten(this.now() - publication.seenAt);
      this.tracing?.written(publication);
    }
  }

  /** This many past publications were written to one client. */
  replayed(count: number, transport: Transport): void {
    this.written[transport] += count;
  }

  noticed(notice: Notice): void {
    if (notice.kind === 'gap') {
      this.metrics.gap(notice.reason);
    }
  }

  /** @param tickets how many were subscribed; negative: unsubscribed */
  subscribed(tickets: number): void {
    this.metrics.subscribed(tickets);
  }

  opened(transport: Transport): void {
    this.of(transport).opened();
  }

  closed(transport: Transport): void {
    this.of(transport).closed();
  }

  closing(reason: string): void {
    this.metrics.closing(reason);
  }

  /** Adds the sums to the metrics. Called once a second. */
  flush(): void {
    for (const transport of ['sse', 'socket_io'] as const) {
      this.of(transport).delivered(this.written[transport]);
      this.written[transport] = 0;
    }
  }

  private of(transport: Transport): TransportMetrics {
    return transport === 'sse' ? this.metrics.sse : this.metrics.socketIo;
  }
}
