import type { Registry } from 'prom-client';

/** What the processes of a fleet tell each other, over the channel that a process has with the one that forked it. */
export type FleetMessage =
  /** A gateway asks for the metrics of all. */
  | { readonly metricsAsked: number }
  | { readonly metricsAnswered: number; readonly text: string }
  /** The fleet asks each gateway for its own. */
  | { readonly ownAsked: number }
  | { readonly ownAnswered: number; readonly metrics: object };

/** After this long (ms) without an answer the request for metrics fails. */
const ANSWER_MS = 5000;

/** What `/metrics` of one process of a fleet tells: the sum over all of them, whichever is asked. */
export class FleetMetrics {
  readonly contentType: string;
  private readonly waiting = new Map<number, (text: string) => void>();
  private asked = 0;

  /** @param own this process' metrics, from now on given to the fleet */
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

  /** @throws where the fleet does not answer */
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
  process.send?.(message, undefined, undefined, () => undefined); // The fleet may be gone by now, and with it who asked.
}
