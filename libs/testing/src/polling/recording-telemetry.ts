import type { PollTelemetry, SetRef, UpstreamFailure, UpstreamFailureCode } from '#core';

/** Records what a poll cycle counts. */
export class RecordingTelemetry implements PollTelemetry {
  readonly polls: Omit<Parameters<PollTelemetry['polled']>[0], 'ref' | 'commitMs'>[] = [];
  readonly failures: UpstreamFailureCode[] = [];
  readonly discards: Parameters<PollTelemetry['discarded']>[0][] = [];
  quarantines = 0;
  refusedCursors = 0;

  polled({ ref: _, commitMs: __, ...poll }: Parameters<PollTelemetry['polled']>[0]): void {
    this.polls.push(poll);
  }

  failed(_: SetRef, { code }: UpstreamFailure): void {
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
