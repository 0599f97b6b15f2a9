import type { Registry } from 'prom-client';

/** Messages between the processes of a fleet. They use the IPC channel of `node:cluster`. */
export type FleetMessage =
  /** A gateway asks for the metrics of all. */
  | { readonly metricsAsked: number }
  | { readonly metricsAnswered: number; readonly text: string }
  /** The fleet asks each gateway for its own. */
  | { readonly ownAsked: number }
  | { readonly ownAnswered: number; readonly metrics: object };

/** A request for metrics fails after this long without an answer, ms. */
const ANSWER_MS = 5000;

/** The metrics of a fleet as any of its processes answers them at `/metrics`: the sum over all processes. */
export class FleetMetrics {
  readonly contentType: string;
  private readonly waiting = new Map<number, (text: string) => void>();
  private asked = 0;

  /** @param own metrics of this process, which the fleet may ask for from now on */
  constructor(private readonly own: Registry) {
    this.contentType = own.contentType;
    process.on('message', (message: FleetMessage) => {
      if ('metricsAnswered' in message) {
        this.waiting.get(message.metricsAnswered)?.(message.text);
      } else if ('ownAsked' in message) {
        void this.tellOwn(message.ownAsked);
      }
    });
  }

  /** @throws if the fleet does not answer */
  metrics(): Promise<string> {
    this.asked += 1;
    const question = this.asked;
    return new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('the fleet did not answer')), ANSWER_MS);
      this.waiting.set(question, (text) => {
        clearTimeout(timer);
        resolve(text);
      });
      send({ metricsAsked: question });
    }).finally(() => this.waiting.delete(question));
  }

  private async tellOwn(question: number): Promise<void> {
    send({ ownAnswered: question, metrics: await this.own.getMetricsAsJSON() });
  }
}

function send(message: FleetMessage): void {
  // The primary may have ended, and nothing waits for the answer then.
  process.send?.(message, undefined, undefined, () => undefined);
}
