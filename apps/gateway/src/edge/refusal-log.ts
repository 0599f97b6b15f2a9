import type { IncomingHttpHeaders } from 'node:http';
import { type Problem, Refusal } from '#protocol';
import type { DeliveryMetrics, SampledLines } from '#ops';

export interface RefusalLogParts {
  readonly metrics: Pick<DeliveryMetrics, 'refused'>;
  /** One line per code and minute. */
  readonly lines: Pick<SampledLines, 'say'>;
  /** Logs an error that is a fault of the gateway. */
  readonly onError: (error: unknown) => void;
}

/** Characters of a reason that a line shows. */
const REASON_MAX = 300;
/** A request id of a proxy or a client that is written to a line. */
const REQUEST_ID = /^[\w.:/+=-]{1,128}$/;

/** Counts refusals and tells operators of some, and logs errors that are faults of the gateway. */
export class RefusalLog {
  constructor(private readonly parts: RefusalLogParts) {}

  /** Counts an answer that refuses and that HTTP itself has a status for. */
  count({ code, detail }: Pick<Problem, 'code' | 'detail'>, headers?: IncomingHttpHeaders): void {
    this.refused(code, detail, headers);
  }

  /**
   * @param headers of the request, if it still has them
   * @returns the error itself if it is a refusal; any other error is logged, and the client learns no more than
   *   `unavailable`
   */
  note(error: unknown, headers?: IncomingHttpHeaders): Refusal {
    let refusal = error;
    if (!(refusal instanceof Refusal)) {
      this.parts.onError(error);
      refusal = new Refusal('unavailable', 'internal error');
    }
    const { code, message, details } = refusal as Refusal;
    if (details.cause !== undefined) {
      this.parts.onError(details.cause);
    }
    this.refused(code, message, headers);
    return refusal as Refusal;
  }

  private refused(code: Problem['code'], reason: string, headers: IncomingHttpHeaders | undefined): void {
    const { metrics, lines } = this.parts;
    metrics.refused(code);
    const requestId = headers?.['x-request-id'];
    const fields = {
      code,
      reason: reason.slice(0, REASON_MAX),
      ...(typeof requestId === 'string' && REQUEST_ID.test(requestId) && { request_id: requestId }),
    };
    lines.say(code, { level: 'warn', fields, text: 'a client was refused' });
  }
}
