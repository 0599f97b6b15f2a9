import type { UpstreamFailureCode } from '../../model/upstream-failure.js';

/** What core counts while polling. Durations in milliseconds. */
export interface PollTelemetry {
  /** A poll was answered and committed. */
  polled(poll: { readonly lagMs: number; readonly upstreamMs: number; readonly published: number }): void;
  failed(code: UpstreamFailureCode): void;
  /** A ticket that the upstream refuses was found. */
  quarantined(): void;
  /** A result was discarded because another commit came first, or the set was taken. */
  discarded(reason: 'conflict' | 'busy' | 'gone'): void;
}
