import { fingerprintOf, identify, type Digest, type MessageIdentity } from '../model/fingerprint.js';
import { jsonText } from '../model/json.js';
import { classOf, type MessageClass } from '../model/message-class.js';
import type { AnsweredList, AnsweredMessage, UpstreamContent } from './ports/upstream.js';
import type { MessageDelta, StatusDelta } from '../model/publication.js';
import type { CaseId } from '../model/ticket.js';

/** The two names of a message: by all of its fields, and by those that make it what it is. */
export interface MessageNames {
  readonly identity: MessageIdentity;
  /** Null where the message has no other name than its identity. */
  readonly class: MessageClass | null;
}

/** One entry of a delta: a message with its names, or a status. */
export type DeltaEntry = (MessageDelta & MessageNames) | StatusDelta;

/** The order in which the upstream lists messages. It is not documented, so it is learned and kept with the set. */
export type ListingOrder = 'oldest_first' | 'newest_first';

/** How many messages of each class an answer has of one ticket. A message without a class counts by its fingerprint. */
type ClassCounts = ReadonlyMap<string, number>;

/**
 * What a worker knows to be delivered: messages and statuses of the answer that was committed last. A worker that
 * takes a set over knows nothing. The store knows everything, so the commit decides.
 */
export interface DeliveredWindow {
  readonly messages: ReadonlyMap<CaseId, ClassCounts>;
  readonly statuses: ReadonlyMap<CaseId, number>;
}

/** The window of a worker that knows nothing of a set. */
export const EMPTY_WINDOW: DeliveredWindow = { messages: new Map(), statuses: new Map() };

export interface Delta {
  /**
   * What is new, in the order in which it is to be published. Of a class that has a new message, all messages are here:
   * the commit looks at a class as a whole, and leaves out what is delivered.
   */
  readonly entries: readonly DeltaEntry[];
  /** The window for the next answer. */
  readonly window: DeliveredWindow;
  readonly order: ListingOrder;
}

export interface DeltaContext {
  /** The tickets that were asked for. What an answer says of other tickets is ignored. */
  readonly asked: ReadonlySet<CaseId>;
  readonly delivered: DeliveredWindow;
  /** The order that is known so far, for an answer that does not show one. */
  readonly order: ListingOrder;
  /** When the poll was answered, milliseconds since 1970. */
  readonly seenAt: number;
  readonly digest: Digest;
}

/**
 * Invariant 3: the delta of an answer is the multiset difference between the window as answered and the window as
 * delivered. Pure: the same answer with the same window always gives the same delta.
 */
export function delta(content: UpstreamContent, context: DeltaContext): Delta {
  const lists = content.lists.filter((list) => context.asked.has(list.caseId));
  const order = listingOrder(lists) ?? context.order;
  const { entries: messages, counts } = newMessages(mergeByTicket(lists), context, order);
  const { entries: statuses, known } = newStatuses(content, context);
  return { entries: [...messages, ...statuses], window: { messages: counts, statuses: known }, order };
}

function newMessages(
  tickets: ReadonlyMap<CaseId, AnsweredMessage[]>,
  context: DeltaContext,
  order: ListingOrder,
): { entries: DeltaEntry[]; counts: Map<CaseId, ClassCounts> } {
  const counts = new Map<CaseId, ClassCounts>();
  const found: { readonly at: number; readonly entry: DeltaEntry }[] = [];
  for (const [caseId, messages] of tickets) {
    const listed = listInTime(order === 'newest_first' ? messages.toReversed() : messages, context.digest);
    const counted = countByClass(listed);
    counts.set(caseId, counted);
    const delivered = context.delivered.messages.get(caseId);
    // Equal messages are of one class, so all of them are here and their numbers are right.
    const open = listed.filter(({ key }) => (counted.get(key) ?? 0) > (delivered?.get(key) ?? 0));
    const identities = identify(
      open.map((one) => one.message),
      context.digest,
    );
    open.forEach((one, index) => {
      const names = { identity: identities[index] as MessageIdentity, class: one.class };
      const said = { message: jsonText(one.message), sentAt: one.sentAt, seenAt: context.seenAt };
      found.push({ at: one.at, entry: { kind: 'message', caseId, ...names, ...said } });
    });
  }
  // The sort is stable: within one second the upstream's own order is kept.
  found.sort((a, b) => a.at - b.at);
  return { entries: found.map((one) => one.entry), counts };
}

interface ListedMessage extends AnsweredMessage {
  /** Its place in time, milliseconds since 1970. */
  readonly at: number;
  readonly class: MessageClass | null;
  /** By what it is counted: its class, or else its fingerprint. */
  readonly key: string;
}

/** By which a message is counted. An upstream that caches messages gives the same object again. */
const known = new WeakMap<Digest, WeakMap<AnsweredMessage, Pick<ListedMessage, 'class' | 'key'>>>();

function countedBy(answered: AnsweredMessage, digest: Digest): Pick<ListedMessage, 'class' | 'key'> {
  const ofDigest = known.get(digest) ?? new WeakMap<AnsweredMessage, Pick<ListedMessage, 'class' | 'key'>>();
  known.set(digest, ofDigest);
  const before = ofDigest.get(answered);
  if (before !== undefined) {
    return before;
  }
  const ofClass = classOf(answered.message, answered.sentAt, digest);
  const counted = { class: ofClass, key: ofClass ?? fingerprintOf(answered.message, digest) };
  ofDigest.set(answered, counted);
  return counted;
}

function listInTime(messages: readonly AnsweredMessage[], digest: Digest): ListedMessage[] {
  let at = 0;
  return messages.map((answered) => {
    const { message, sentAt } = answered;
    // A message whose time cannot be read keeps its place after the message before it.
    at = sentAt ?? at;
    return { message, sentAt, at, ...countedBy(answered, digest) };
  });
}

function countByClass(messages: readonly ListedMessage[]): ClassCounts {
  const counts = new Map<string, number>();
  for (const { key } of messages) {
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function newStatuses(
  content: UpstreamContent,
  context: DeltaContext,
): { entries: StatusDelta[]; known: ReadonlyMap<CaseId, number> } {
  const known = new Map(context.delivered.statuses);
  const changed = new Map<CaseId, StatusDelta>();
  for (const { caseId, status } of content.statuses) {
    if (context.asked.has(caseId) && known.get(caseId) !== status) {
      known.set(caseId, status);
      changed.set(caseId, { kind: 'status', caseId, status, seenAt: context.seenAt });
    }
  }
  return { entries: [...changed.values()], known };
}

/** An answer may have several lists of one ticket. Their equal messages must be counted together. */
function mergeByTicket(lists: readonly AnsweredList[]): Map<CaseId, AnsweredMessage[]> {
  const tickets = new Map<CaseId, AnsweredMessage[]>();
  for (const { caseId, messages } of lists) {
    tickets.set(caseId, [...(tickets.get(caseId) ?? []), ...messages]);
  }
  return tickets;
}

/** The order of the lists of an answer, by majority of neighbours; null if it does not show. */
export function listingOrder(lists: readonly AnsweredList[]): ListingOrder | null {
  let balance = 0;
  for (const { messages } of lists) {
    let before: number | null = null;
    for (const { sentAt } of messages) {
      if (before !== null && sentAt !== null) {
        balance += Math.sign(sentAt - before);
      }
      before = sentAt;
    }
  }
  if (balance > 0) {
    return 'oldest_first';
  }
  return balance < 0 ? 'newest_first' : null;
}
