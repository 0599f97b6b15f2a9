import { AggregatorRegistry, type Registry } from 'prom-client';

/** A gateway asks for the metrics of all. */
interface MetricsQuestion {
  readonly metricsAsked: number;
}
export interface MetricsAnswer {
  readonly metricsFor: number;
  /** Null where they could not be had. */
  readonly text: string | null;
}

/** After this long (ms) without an answer the request for metrics fails. */
const ANSWER_MS = 5000;

export function isMetricsQuestion(message: unknown): message is MetricsQuestion {
  return typeof message === 'object' && message !== null && 'metricsAsked' in message;
}

/** What `/metrics` of one process of a fleet tells: the sum over all of them, whichever is asked. */
export class FleetMetrics {
  readonly contentType: string;
  private readonly waiting = new Map<number, (answer: MetricsAnswer) => void>();
  private asked = 0;

  /** @param own this process' metrics, from now on given to the fleet */
  constructor(own: Registry) {
    this.contentType = own.contentType;
    AggregatorRegistry.setRegistries([own]);
    new AggregatorRegistry(); // Listens to the fleet's requests.
    process.on('message', (message: MetricsAnswer) => this.waiting.get(message.metricsFor)?.(message));
  }

  /** @throws where the fleet does not answer */
  metrics(): Promise<string> {
    this.asked += 1;
    const question: MetricsQuestion = { metricsAsked: this.asked };
    return new Promise<string>((resolve, reject) => {
      const fail = () => reject(new Error('the fleet did not answer'));
      const timer = setTimeout(fail, ANSWER_MS);
      this.waiting.set(question.metricsAsked, ({ text }) => {
        clearTimeout(timer);
        return text === null ? fail() : resolve(text);
      });
      process.send?.(question);
    }).finally(() => this.waiting.delete(question.metricsAsked));
  }
}
