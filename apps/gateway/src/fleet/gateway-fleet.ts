import cluster, { type Worker } from 'node:cluster';
import type { Logger } from 'pino';
import type { FleetMessage } from './fleet-metrics.js';
import { FleetSurvey } from './fleet-survey.js';

/** Pause before a process that died is replaced (ms): one that cannot start must not keep a core busy. */
const REPLACE_MS = 1000;

/**
 * `GATEWAY_PROCESSES` gateways on one port. This process serves nobody: it hands out connections in turn, replaces
 * gateways that die, adds up their metrics, and ends when they have all drained.
 */
export class GatewayFleet {
  private readonly survey = new FleetSurvey();
  /** Gateways that serve; one that still starts has nothing to tell. */
  private readonly serving = new Set<Worker>();
  private stopping = false;
  private failed = false;

  constructor(
    private readonly size: number,
    private readonly logger: Logger,
  ) {}

  /** Resolves once all are gone: whether each of them ended in order. */
  run(): Promise<boolean> {
    cluster.on('message', (worker, message: FleetMessage) => void this.survey.hear(worker, message, [...this.serving]));
    cluster.on('listening', (worker) => this.serving.add(worker));
    return new Promise((resolve) => {
      cluster.on('exit', (worker, code, signal) => {
        this.left(worker, code, signal);
        if (this.stopping && this.members.length === 0) {
          resolve(!this.failed);
        }
      });
      Array.from({ length: this.size }, () => cluster.fork());
    });
  }

  /** All drain, at the same time. */
  stop(): void {
    this.stopping = true;
    this.members.forEach((worker) => worker.process.kill('SIGTERM'));
  }

  private get members(): Worker[] {
    return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
  }

  private left(worker: Worker, code: number, signal: string): void {
    this.serving.delete(worker);
    this.survey.left(worker);
    if (this.stopping) {
      this.failed ||= code !== 0;
      return;
    }
    this.logger.error({ pid: worker.process.pid, code, signal }, 'a gateway process ended and will be replaced');
    setTimeout(() => this.stopping || cluster.fork(), REPLACE_MS).unref();
  }
}
