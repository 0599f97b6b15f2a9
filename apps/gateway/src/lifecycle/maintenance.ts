import type { Hub, Interest } from '#core';
import type { GatewayStore } from '../gateway.store.js';
import type { Connections } from '../session/connections.js';

export interface MaintenanceParts {
  readonly connections: Connections;
  readonly hub: Hub;
  readonly interest: Interest;
  readonly store: Pick<GatewayStore, 'watchDataLoss'>;
  /** Hears of leases that could not be renewed. */
  readonly onError: (error: unknown) => void;
}

const SWEEP_MS = 1000;
const HUB_SWEEP_MS = 5000;
/** Connections look this many times per heartbeat interval whether they were quiet. */
const CHECKS_PER_HEARTBEAT = 4;

/** The few timers that a gateway has, whatever the number of its clients. */
export class Maintenance {
  private timers: NodeJS.Timeout[] = [];
  private renewing = false;

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
