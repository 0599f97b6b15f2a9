import type { JsonText } from './json.js';
import type { MessageClass } from './message-class.js';
import type { MessageIdentity } from './fingerprint.js';
import type { UpstreamFailureCode } from './upstream-failure.js';

/** A message that the upstream keeps, and that history may not have any more. */
export interface OlderMessage {
  readonly identity: MessageIdentity;
  readonly class: MessageClass | null;
  /** The upstream's object, unchanged. */
  readonly message: JsonText;
  /** Its `create_time` as milliseconds since 1970; null if it could not be read. */
  readonly sentAt: number | null;
  /** The second in which it stands, since 1970. That of its neighbour, if its time could not be read. */
  readonly second: number;
  /** Its `type`, 1 if it is neither 0 nor 1. */
  readonly type: 0 | 1;
}

/**
 * What the upstream has of a ticket in some whole seconds. Equal messages are of one second, so they are counted rightly in a
 * part (invariant 3), and the next part begins where no second is cut.
 */
export interface OlderPart {
  /** When it was answered, milliseconds since 1970. */
  readonly answeredAt: number;
  /** Oldest first. */
  readonly messages: readonly OlderMessage[];
  /** The next part has the seconds before this one; null: the upstream has nothing older. */
  readonly next: number | null;
  /** A second with more messages than one answer holds: some of them cannot be had; null: there is none. */
  readonly cut: number | null;
}

/** Which part: the messages of the seconds before this one. */
export interface OlderWant {
  readonly caseId: string;
  /** Seconds since 1970. */
  readonly before: number;
  /** `type` of the message from which the reader goes on. */
  readonly type: 0 | 1;
}

/** What became of a request for a part. */
export type OlderOutcome =
  | { readonly kind: 'part'; readonly part: OlderPart }
  /** `retryMs`: when to ask again. */
  | { readonly kind: 'failed'; readonly code: UpstreamFailureCode; readonly retryMs: number };
