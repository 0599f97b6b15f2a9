import type { Hub, Interest, PollingWatch } from '#core';
import type { DeliveryMetrics } from '#ops';
import type { GatewayStore } from '../gateway.store.js';
import type { Connections } from '../session/connections.js';

export interface MaintenanceParts {
  readonly connections: Connections;
  readonly hub: Hub;
  readonly interest: Interest;
  readonly polling: PollingWatch;
  readonly metrics: Pick<DeliveryMetrics, 'notPolled'>;
  readonly store: Pick<GatewayStore, 'watchDataLoss'>;
  /** Hears of leases that could not be renewed. */
  readonly onError: (error: unknown) => void;
}

const SWEEP_MS = 1000;
const HUB_SWEEP_MS = 5000;
/** Between two looks at whether feeds are polled. */
const POLLING_CHECK_MS = 1000;
/** Connections look this many times per heartbeat interval whether they were quiet. */
const CHECKS_PER_HEARTBEAT = 4;

/** The few timers that a gateway has, whatever the number of its clients. */
export class Maintenance {
  private timers: NodeJS.Timeout[] = [];
  private renewing = false;
  private checking = false;

  constructor(
    private readonly parts: MaintenanceParts,
    /** `SSE_HEARTBEAT_MS` */
    private readonly heartbeatMs: number,
  ) {}

  start(): void {
    const { connections, hub, interest, store } = this.parts;
    this.every(SWEEP_MS, () => connections.sweep(Date.now()));
    this.every(HUB_SWEEP_MS, () => hub.sweep(Date.now()));
    this.every(this.heartbeatMs / CHECKS_PER_HEARTBEAT, () => connections.heartbeat());
    this.every(POLLING_CHECK_MS, () => this.checkPolling());
    this.every(interest.renewEveryMs, () => this.renew());
    // A store that forgot knows of no tickets to poll until it is told again.
    store.watchDataLoss(() => interest.renew());
  }

  stop(): void {
    this.timers.forEach((timer) => clearInterval(timer));
    this.timers = [];
  }

  private every(ms: number, work: () => void): void {
    this.timers.push(setInterval(work, ms));
  }

  private checkPolling(): void {
    if (this.checking) {
      return;
    }
    this.checking = true;
    const { polling, metrics, onError } = this.parts;
    polling
      .check()
      .then(() => metrics.notPolled(polling.stalledCount))
      .catch(onError)
      .finally(() => (this.checking = false));
  }

  private renew(): void {
    if (this.renewing) {
      return;
    }
    this.renewing = true;
    this.parts.interest
      .renew()
      .catch(this.parts.onError)
      .finally(() => (this.renewing = false));
  }
}
