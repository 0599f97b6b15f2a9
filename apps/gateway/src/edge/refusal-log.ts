import { type Problem, Refusal } from '#protocol';
import type { DeliveryMetrics } from '#ops';

/** Counts refusals, and logs errors that are faults of the gateway. */
export class RefusalLog {
  constructor(
    private readonly metrics: DeliveryMetrics,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Counts an answer that refuses and that HTTP itself has a status for. */
  count(code: Problem['code']): void {
    this.metrics.refused(code);
  }

  /**
   * @returns the error itself if it is a refusal; any other error is logged, and the client learns no more than
   *   `unavailable`
   */
  note(error: unknown): Refusal {
    let refusal = error;
    if (!(refusal instanceof Refusal)) {
      this.onError(error);
      refusal = new Refusal('unavailable', 'internal error');
    }
    this.metrics.refused((refusal as Refusal).code);
    return refusal as Refusal;
  }
}
