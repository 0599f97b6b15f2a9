import cluster, { type Worker } from 'node:cluster';
import type { Logger } from 'pino';
import { AggregatorRegistry } from 'prom-client';
import { isMetricsQuestion, type MetricsAnswer } from './fleet-metrics.js';

/** Pause before a process that died is replaced (ms): one that cannot start must not keep a core busy. */
const REPLACE_MS = 1000;

/**
 * `GATEWAY_PROCESSES` gateways on one port. This process serves nobody: it hands out connections in turn, replaces
 * gateways that die, adds up their metrics, and ends when they have all drained.
 */
export class GatewayFleet {
  private readonly registry = new AggregatorRegistry();
  private stopping = false;
  private failed = false;

  constructor(
    private readonly size: number,
    private readonly logger: Logger,
  ) {}

  /** Resolves once all are gone: whether each of them ended in order. */
  run(): Promise<boolean> {
    cluster.on('message', (worker, message: unknown) => this.answer(worker, message));
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

  private left({ process: { pid } }: Worker, code: number, signal: string): void {
    if (this.stopping) {
      this.failed ||= code !== 0;
      return;
    }
    this.logger.error({ pid, code, signal }, 'a gateway process ended and will be replaced');
    setTimeout(() => this.stopping || cluster.fork(), REPLACE_MS).unref();
  }

  private answer(worker: Worker, message: unknown): void {
    if (isMetricsQuestion(message)) {
      const reply = (text: string | null) => {
        const answer: MetricsAnswer = { metricsFor: message.metricsAsked, text };
        worker.send(answer, () => undefined); // It may be gone by now.
      };
      this.registry.clusterMetrics().then(reply, () => reply(null));
    }
  }
}
