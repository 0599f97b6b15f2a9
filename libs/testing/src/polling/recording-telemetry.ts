import type { PollTelemetry, UpstreamFailureCode } from '#core';

/** Records what a poll cycle counts. */
export class RecordingTelemetry implements PollTelemetry {
  readonly polls: Parameters<PollTelemetry['polled']>[0][] = [];
  readonly failures: UpstreamFailureCode[] = [];
  readonly discards: Parameters<PollTelemetry['discarded']>[0][] = [];
  quarantines = 0;
  refusedCursors = 0;

  polled(poll: Parameters<PollTelemetry['polled']>[0]): void {
    this.polls.push(poll);
  }

  failed(code: UpstreamFailureCode): void {
    this.failures.push(code);
  }

  quarantined(): void {
    this.quarantines += 1;
  }

  cursorRefused(): void {
    this.refusedCursors += 1;
  }

  discarded(reason: Parameters<PollTelemetry['discarded']>[0]): void {
    this.discards.push(reason);
  }
}
