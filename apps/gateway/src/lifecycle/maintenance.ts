import type { Hub, Interest, PollingWatch } from '#core';
import type { DeliveryMetrics, EvictionReport, OverviewMetrics } from '#ops';
import type { Survey } from '#redis';
import type { RevocationList } from '../auth/revocation-list.js';
import type { GatewayStore } from '../gateway.store.js';
import type { UnauthenticatedConnections } from '../edge/unauthenticated-connections.js';
import type { PolledInterest } from '../dropin/polled-interest.js';
import type { Connections } from '../session/connections.js';
import type { RightsWatch } from '../session/rights-watch.js';
import type { OwnOffer } from './own-offer.js';
import type { PollingReport } from './polling-report.js';

export interface MaintenanceParts {
  readonly connections: Connections;
  readonly unauthenticated: UnauthenticatedConnections;
  readonly revocations: Pick<RevocationList, 'check'>;
  /** Null where rights end with their token. */
  readonly rights: RightsWatch | null;
  readonly survey: Pick<Survey, 'listen'>;
  readonly offer: Pick<OwnOffer, 'say'>;
  readonly polled: Pick<PolledInterest, 'sweep'>;
  readonly hub: Hub;
  readonly interest: Interest;
  readonly polling: PollingWatch;
  readonly pollingReport: Pick<PollingReport, 'checked'>;
  readonly metrics: Pick<DeliveryMetrics, 'notPolled'>;
  readonly store: Pick<GatewayStore, 'watchDataLoss' | 'watchEviction' | 'watchOverview' | 'isWell'>;
  readonly overview: Pick<OverviewMetrics, 'report'>;
  readonly evictions: Pick<EvictionReport, 'report'>;
  /** Called with a failure: leases that were not renewed, due times that were not read. */
  readonly onError: (error: unknown) => void;
}

const SWEEP_MS = 1000;
const HUB_SWEEP_MS = 5000;
/** Time between two checks whether feeds are polled, ms. */
const POLLING_CHECK_MS = 1000;
/** Checks per heartbeat interval whether a connection was idle. */
const CHECKS_PER_HEARTBEAT = 4;

/** Time between two renewals of the gateway lease, ms. */
const COUNTS_RENEWAL_MS = 1000;

/** Time between two offers of this gateway to the others, ms. */
const OFFER_MS = 1000;

/** Time between two looks whether revocations were missed, ms. One takes effect within a second also without Pub/Sub. */
const REVOCATIONS_CHECK_MS = 500;

/** Until it has listened once, ms. */
const SURVEY_LISTEN_MS = 5000;

/** The timers of a gateway. Their number does not depend on the number of clients. */
export class Maintenance {
  private timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly parts: MaintenanceParts,
    /** `SSE_HEARTBEAT_MS` */
    private readonly heartbeatMs: number,
  ) {}

  /** What concerns this process alone. */
  start(): void {
    const { connections, unauthenticated, rights, polled, hub } = this.parts;
    this.every(SWEEP_MS, () => connections.sweep(Date.now()));
    this.every(SWEEP_MS, () => unauthenticated.sweep(Date.now()));
    this.every(SWEEP_MS, () => polled.sweep());
    if (rights !== null) {
      this.every(rights.everyMs, () => rights.look());
    }
    this.every(HUB_SWEEP_MS, () => hub.sweep(Date.now()));
    this.every(this.heartbeatMs / CHECKS_PER_HEARTBEAT, () => connections.heartbeat());
  }

  /** What is done with the store. To be called when it is known to be what a gateway needs: it writes. */
  tendStore(): void {
    const { connections, revocations, survey, interest, store, evictions, offer } = this.parts;
    this.everyAlone(POLLING_CHECK_MS, () => this.checkPolling());
    this.everyAlone(interest.renewEveryMs, () => interest.renew());
    this.everyAlone(COUNTS_RENEWAL_MS, () => connections.renewCounts())();
    this.everyAlone(OFFER_MS, () => offer.say())();
    this.everyAlone(SURVEY_LISTEN_MS, () => survey.listen())();
    this.everyAlone(REVOCATIONS_CHECK_MS, () => revocations.check())();
    // A store that lost its data polls nothing until the leases are renewed.
    store.watchDataLoss(() => interest.renew());
    store.watchEviction((policy) => evictions.report(policy));
    store.watchOverview((state) => this.parts.overview.report(state));
  }

  stop(): void {
    this.timers.forEach((timer) => clearInterval(timer));
    this.timers = [];
  }

  private every(ms: number, work: () => void): void {
    this.timers.push(setInterval(work, ms));
  }

  /** Not while the last one is under way. @returns the work, to be done now as well */
  private everyAlone(ms: number, work: () => Promise<void>): () => void {
    let isBusy = false;
    const alone = () => {
      if (!isBusy) {
        isBusy = true;
        work()
          .catch(this.parts.onError)
          .finally(() => (isBusy = false));
      }
    };
    this.every(ms, alone);
    return alone;
  }

  private async checkPolling(): Promise<void> {
    const { polling, pollingReport, metrics, store } = this.parts;
    await polling.check();
    metrics.notPolled(polling.stalledCount);
    // Asked only if needed: one ping a second.
    const isWell = polling.stalledCount === 0 || (await store.isWell().catch(() => false));
    pollingReport.checked(polling.stalledCount, isWell);
  }
}
