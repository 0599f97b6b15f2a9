import type { Worker } from 'node:cluster';
import { AggregatorRegistry, type Registry } from 'prom-client';
import type { FleetMessage } from './fleet-metrics.js';

/** A gateway that does not answer within this time (ms) is left out. It may have died. */
const ANSWER_MS = 1000;

interface Inquiry {
  readonly waitsFor: Set<number>;
  readonly answers: object[];
  readonly finish: () => void;
}

/**
 * Adds up the metrics of a fleet's gateways. A gateway that died is left out. In prom-client's own `clusterMetrics` it
 * would fail the whole answer.
 */
export class FleetSurvey {
  private readonly inquiries = new Map<number, Inquiry>();
  private asked = 0;

  /** @param own what the primary itself counts */
  constructor(private readonly own: Pick<Registry, 'getMetricsAsJSON'>) {}

  /** Answers a gateway that asks for metrics, or takes the metrics that a gateway sends. */
  async receive(from: Worker, message: FleetMessage, members: readonly Worker[]): Promise<void> {
    if ('ownAnswered' in message) {
      this.inquiries.get(message.ownAnswered)?.answers.push(message.metrics);
      this.settle(message.ownAnswered, from.id);
    } else if ('metricsAsked' in message) {
      send(from, { metricsAnswered: message.metricsAsked, text: await this.sum(members) });
    }
  }

  /** A gateway ended: no survey waits for its answer any longer. */
  left(member: Worker): void {
    [...this.inquiries.keys()].forEach((question) => this.settle(question, member.id));
  }

  private async sum(members: readonly Worker[]): Promise<string> {
    this.asked += 1;
    const question = this.asked;
    const answers: object[] = [];
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ANSWER_MS);
      const finish = () => {
        clearTimeout(timer);
        resolve();
      };
      this.inquiries.set(question, { waitsFor: new Set(members.map(({ id }) => id)), answers, finish });
      members.forEach((member) => send(member, { ownAsked: question }));
    });
    this.inquiries.delete(question);
    return AggregatorRegistry.aggregate([...answers, await this.own.getMetricsAsJSON()]).metrics();
  }

  private settle(question: number, member: number): void {
    const inquiry = this.inquiries.get(question);
    inquiry?.waitsFor.delete(member);
    if (inquiry?.waitsFor.size === 0) {
      inquiry.finish();
    }
  }
}

function send(to: Worker, message: FleetMessage): void {
  to.send(message, () => undefined); // The process may have ended.
}
