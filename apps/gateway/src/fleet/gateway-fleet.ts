import cluster, { type Worker } from 'node:cluster';
import type { Logger } from 'pino';
import { Counter, Registry } from 'prom-client';
import { logFatal, METRICS_PREFIX } from '#ops';
import type { FleetMessage } from './fleet-metrics.js';
import { FleetSurvey } from './fleet-survey.js';

/** Pause before a dead process is replaced, ms. A process that cannot start must not keep a core busy. */
const REPLACE_MS = 1000;
/** A process that one of these signals ended had no handler for them yet. It had nothing to end in order. */
const STOP_SIGNALS = new Set(['SIGTERM', 'SIGINT']);

/**
 * `GATEWAY_PROCESSES` gateways on one port. This process serves no client: it hands out connections in turn, replaces
 * gateways that die, adds up their metrics, and ends when they have all drained.
 */
export class GatewayFleet {
  /** Of the primary itself: what its gateways cannot count. */
  private readonly registry = new Registry();
  private readonly survey = new FleetSurvey(this.registry);
  private readonly restarts: Counter;
  private readonly members = new Set<Worker>();
  /** Gateways that serve. A gateway that still starts has no metrics. */
  private readonly serving = new Set<Worker>();
  private stopping = false;
  private failed = false;
  private allGone: () => void = () => undefined;

  constructor(
    private readonly size: number,
    private readonly logger: Logger,
  ) {
    this.registry.setDefaultLabels({ program: 'gateway' });
    this.restarts = new Counter({
      name: `${METRICS_PREFIX}fleet_restarts_total`,
      help: 'Gateway processes of a fleet that ended and were replaced.',
      registers: [this.registry],
    });
  }

  async start(): Promise<void> {
    cluster.on(
      'message',
      (worker, message: FleetMessage) => void this.survey.receive(worker, message, [...this.serving]),
    );
    cluster.on('listening', (worker) => this.serving.add(worker));
    cluster.on('exit', (worker, code, signal) => this.left(worker, code, signal));
    Array.from({ length: this.size }, () => this.fork());
  }

  /** Drains all gateways at the same time. Resolves when all have ended. @throws if one of them did not end in order */
  async stop(): Promise<void> {
    this.stopping = true;
    const gone = new Promise<void>((resolve) => (this.allGone = resolve));
    this.members.forEach((worker) => worker.process.kill('SIGTERM'));
    if (this.members.size > 0) {
      await gone;
    }
    if (this.failed) {
      throw new Error('a gateway process did not end in order');
    }
  }

  fatal(error: unknown): void {
    logFatal(this.logger, error);
  }

  private fork(): void {
    this.members.add(cluster.fork());
  }

  private left(worker: Worker, code: number, signal: string): void {
    this.members.delete(worker);
    this.serving.delete(worker);
    this.survey.left(worker);
    if (!this.stopping) {
      this.logger.error({ pid: worker.process.pid, code, signal }, 'a gateway process ended and will be replaced');
      this.restarts.inc();
      setTimeout(() => this.stopping || this.fork(), REPLACE_MS);
      return;
    }
    this.failed ||= code !== 0 && !STOP_SIGNALS.has(signal);
    if (this.members.size === 0) {
      this.allGone();
    }
  }
}
