import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { GapReason } from '#core';
import { METRICS_PREFIX } from './metrics.js';
import { StageMetrics } from './stage-metrics.js';

export type Transport = 'socket_io' | 'sse';

/** Seconds. The way through Redis and a socket takes about 1 ms; more than that is waiting time. */
const LATENCY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** Connections and deliveries of one transport. The label is resolved once: this is on the hot path of a gateway. */
export class TransportMetrics {
  constructor(
    private readonly connections: Gauge.Internal<'transport'>,
    private readonly deliveries: Counter.Internal,
  ) {}

  opened(): void {
    this.connections.inc();
  }

  closed(): void {
    this.connections.dec();
  }

  /** @param clients how many clients one event was written to */
  delivered(clients = 1): void {
    this.deliveries.inc(clients);
  }
}

/** The metrics of a gateway. */
export class DeliveryMetrics {
  readonly socketIo: TransportMetrics;
  readonly sse: TransportMetrics;
  private readonly subscriptions: Gauge;
  private readonly feedsNotPolled: Gauge;
  private readonly latency: Histogram;
  private readonly stages: StageMetrics;
  private readonly closings: Counter<'reason'>;
  private readonly refusals: Counter<'code'>;
  private readonly gaps: Counter<'reason'>;

  constructor(registry: Registry) {
    const registers = [registry];
    const named = (name: string, help: string) => ({ name: `${METRICS_PREFIX}${name}`, help, registers });
    const byTransport = { labelNames: ['transport'] as const };
    const connections = new Gauge({ ...named('connections', 'Open client connections.'), ...byTransport });
    const deliveries = new Counter({
      ...named('deliveries_total', 'Events written to clients, counted once per client.'),
      ...byTransport,
    });
    const transport = (name: Transport) => new TransportMetrics(connections.labels(name), deliveries.labels(name));
    this.socketIo = transport('socket_io');
    this.sse = transport('sse');
    this.stages = new StageMetrics(registry, ['heard', 'written']);
    this.subscriptions = new Gauge(named('subscriptions', 'Tickets subscribed to, counted once per connection.'));
    this.latency = new Histogram({
      ...named('delivery_latency_seconds', 'From the answer of the poll that found an event to its first socket.'),
      buckets: LATENCY_BUCKETS,
    });
    this.closings = new Counter({
      ...named('closings_total', 'Connections that were told to close.'),
      labelNames: ['reason'],
    });
    this.refusals = new Counter({ ...named('refusals_total', 'Requests that were refused.'), labelNames: ['code'] });
    this.feedsNotPolled = new Gauge(
      named('feeds_not_polled', 'Feeds that clients of this gateway wait for and that nobody polls.'),
    );
    this.gaps = new Counter({ ...named('gaps_total', 'Gaps that clients were told of.'), labelNames: ['reason'] });
  }

  /** @param tickets how many were subscribed; negative: unsubscribed */
  subscribed(tickets: number): void {
    this.subscriptions.inc(tickets);
  }

  /** Called once per event and process. @param latencyMs from `seenAt` to the first write; clocks may differ */
  firstWritten(latencyMs: number): void {
    this.latency.observe(Math.max(0, latencyMs) / 1000);
    this.stages.reached('written', latencyMs);
  }

  /** Called once per event and process. @param latencyMs from `seenAt` until it was heard from Redis */
  heard(latencyMs: number): void {
    this.stages.reached('heard', latencyMs);
  }

  /** @param reason a close reason (`libs/protocol/src/close-reasons.ts`) */
  closing(reason: string): void {
    this.closings.inc({ reason });
  }

  /** @param code a code of a problem (`libs/protocol/src/errors.ts`) */
  refused(code: string): void {
    this.refusals.inc({ code });
  }

  /** @param feeds how many feeds of clients of this gateway are not polled */
  notPolled(feeds: number): void {
    this.feedsNotPolled.set(feeds);
  }

  gap(reason: GapReason): void {
    this.gaps.inc({ reason });
  }
}
