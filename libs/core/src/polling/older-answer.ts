import { identify, type Digest, type MessageIdentity } from '../model/fingerprint.js';
import { jsonText, type JsonObject } from '../model/json.js';
import { classOf } from '../model/message-class.js';
import type { OlderMessage, OlderPart } from '../model/older-part.js';
import { listingOrder } from './delta.js';
import { OLDER_LIMIT_MAX } from './ports/older-upstream.js';
import type { AnsweredMessage } from './ports/upstream.js';

const SECOND_MS = 1000;

export interface OlderAnswer {
  readonly messages: readonly AnsweredMessage[];
  /** The request was for what is before this second, since 1970. */
  readonly before: number;
  /** Milliseconds since 1970. */
  readonly answeredAt: number;
}

/**
 * The whole seconds of an answer. An answer that is full may have cut its oldest second, which is left to the next one. Pure.
 *
 * Whether the upstream also shows messages of exactly the time that was asked for is not documented: these are left out.
 */
export function olderPart({ messages: answered, before, answeredAt }: OlderAnswer, digest: Digest): OlderPart {
  const isFull = answered.length >= OLDER_LIMIT_MAX;
  const placed = inSeconds(answered, before);
  const oldest = placed[0]?.second ?? before;
  const isOneSecond = placed.every(({ second }) => second === oldest);
  const whole = isFull && !isOneSecond ? placed.filter(({ second }) => second !== oldest) : placed;
  const identities = identify(
    whole.map(({ message }) => message),
    digest,
  );
  const messages = whole.map(({ message, sentAt, second }, at): OlderMessage => ({
    identity: identities[at] as MessageIdentity,
    class: classOf(message, sentAt, digest),
    message: jsonText(message),
    sentAt,
    second,
    type: typeOf(message),
  }));
  if (!isFull) {
    return { answeredAt, messages, next: null, cut: null };
  }
  // A full answer of one second: the rest of that second cannot be asked for.
  const stuck = Math.min(oldest, before - 1);
  return isOneSecond
    ? { answeredAt, messages, next: stuck, cut: stuck }
    : { answeredAt, messages, next: oldest + 1, cut: null };
}

interface InSecond extends AnsweredMessage {
  readonly second: number;
}

/** In time; in one second the upstream's order is kept. */
function inSeconds(answered: readonly AnsweredMessage[], before: number): InSecond[] {
  const order = listingOrder([{ caseId: '', messages: answered }]);
  const listed = order === 'newest_first' ? answered.toReversed() : answered;
  let second = before - 1;
  for (const { sentAt } of listed) {
    if (sentAt !== null) {
      second = Math.floor(sentAt / SECOND_MS);
      break;
    }
  }
  const placed = listed.map((one): InSecond => {
    // A message whose time cannot be read keeps its place after the message before it.
    second = one.sentAt === null ? second : Math.floor(one.sentAt / SECOND_MS);
    return { ...one, second };
  });
  return placed.filter((one) => one.second < before).sort((a, b) => a.second - b.second);
}

function typeOf(message: JsonObject): 0 | 1 {
  return message['type'] === 0 ? 0 : 1;
}
