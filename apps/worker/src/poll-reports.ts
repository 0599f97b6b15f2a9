import type { CaseId, PollTelemetry, SetRef, UpstreamFailure } from '#core';
import type { PrometheusPollTelemetry, StageMetrics, UpstreamReport } from '#ops';

/** What a worker tells of its polls: in metrics, and in lines of the log. */
export class PollReports implements PollTelemetry {
  constructor(
    private readonly metrics: PrometheusPollTelemetry,
    private readonly upstream: UpstreamReport,
    private readonly stages: Pick<StageMetrics, 'reached'>,
  ) {}

  polled(poll: Parameters<PollTelemetry['polled']>[0]): void {
    this.metrics.polled(poll);
    if (poll.published > 0) {
      this.stages.reached('committed', poll.commitMs);
    }
    this.upstream.answered(poll.ref);
  }

  failed(ref: SetRef, failure: UpstreamFailure, sentAt: number): void {
    this.metrics.failed(ref, failure);
    this.upstream.failed(ref, failure, sentAt);
  }

  quarantined(ref: SetRef, caseId: CaseId): void {
    this.metrics.quarantined();
    this.upstream.quarantined(ref, caseId);
  }

  cursorRefused(): void {
    this.metrics.cursorRefused();
  }

  discarded(reason: Parameters<PollTelemetry['discarded']>[0]): void {
    this.metrics.discarded(reason);
  }
}
