import { identify, type Digest, type MessageIdentity } from '../model/fingerprint.js';
import { jsonText } from '../model/json.js';
import type { AnsweredList, AnsweredMessage, UpstreamContent } from './ports/upstream.js';
import type { MessageDelta, StatusDelta } from '../model/publication.js';
import type { CaseId } from '../model/ticket.js';

/** One thing that a poll brought: a message with the identity it is remembered by, or a status. */
export type DeltaEntry = (MessageDelta & { readonly identity: MessageIdentity }) | StatusDelta;

/** Which way an upstream lists messages: it does not say, so it is learned and remembered with the set. */
export type ListingOrder = 'oldest_first' | 'newest_first';

/**
 * What is known to have been delivered: identities and statuses of the answer that was committed last. It may know
 * less than the store does (a worker that just took a set over knows nothing); the commit has the last word.
 */
export interface DeliveredWindow {
  readonly messages: ReadonlyMap<CaseId, ReadonlySet<MessageIdentity>>;
  readonly statuses: ReadonlyMap<CaseId, number>;
}

/** The window of a worker that has seen nothing of a set. */
export const EMPTY_WINDOW: DeliveredWindow = { messages: new Map(), statuses: new Map() };

export interface Delta {
  /** What was not known, in the order in which it is to be published. */
  readonly entries: readonly DeltaEntry[];
  /** The window to hold the next answer against. */
  readonly window: DeliveredWindow;
  readonly order: ListingOrder;
}

export interface DeltaContext {
  /** The tickets that were asked for; what an answer says of others is nobody's. */
  readonly asked: ReadonlySet<CaseId>;
  readonly delivered: DeliveredWindow;
  /** The order learned so far, for an answer that does not show one. */
  readonly order: ListingOrder;
  /** When the poll was answered, milliseconds since 1970. */
  readonly seenAt: number;
  readonly digest: Digest;
}

/**
 * Invariant 3: the news of an answer is the multiset difference between the window as answered and the window as
 * already delivered. Pure: the same answer against the same window always gives the same delta.
 */
export function delta(content: UpstreamContent, context: DeltaContext): Delta {
  const lists = content.lists.filter((list) => context.asked.has(list.caseId));
  const order = listingOrder(lists) ?? context.order;
  const { entries: messages, identities } = newMessages(mergeByTicket(lists), context, order);
  const { entries: statuses, known } = newStatuses(content, context);
  return { entries: [...messages, ...statuses], window: { messages: identities, statuses: known }, order };
}

function newMessages(
  tickets: ReadonlyMap<CaseId, AnsweredMessage[]>,
  context: DeltaContext,
  order: ListingOrder,
): { entries: DeltaEntry[]; identities: Map<CaseId, ReadonlySet<MessageIdentity>> } {
  const identities = new Map<CaseId, ReadonlySet<MessageIdentity>>();
  const found: { readonly at: number; readonly entries: DeltaEntry }[] = [];
  for (const [caseId, messages] of tickets) {
    const inTime = order === 'newest_first' ? messages.toReversed() : messages;
    const names = identify(
      inTime.map((entry) => entry.message),
      context.digest,
    );
    const delivered = context.delivered.messages.get(caseId);
    identities.set(caseId, new Set(names));
    let at = 0;
    inTime.forEach(({ message, sentAt }, index) => {
      // A message whose time cannot be read stays beside the one it was listed after.
      at = sentAt ?? at;
      const identity = names[index];
      if (identity !== undefined && !delivered?.has(identity)) {
        const entries = {
          kind: 'message',
          caseId,
          identity,
          message: jsonText(message),
          sentAt,
          seenAt: context.seenAt,
        };
        found.push({ at, entries: entries as DeltaEntry });
      }
    });
  }
  // Stable: within one second the upstream's own order stands.
  found.sort((a, b) => a.at - b.at);
  return { entries: found.map((entry) => entry.entries), identities };
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

/** An answer may name one ticket in several lists; its equal messages must be counted together. */
function mergeByTicket(lists: readonly AnsweredList[]): Map<CaseId, AnsweredMessage[]> {
  const tickets = new Map<CaseId, AnsweredMessage[]>();
  for (const { caseId, messages } of lists) {
    tickets.set(caseId, [...(tickets.get(caseId) ?? []), ...messages]);
  }
  return tickets;
}

/** Which way the lists of an answer run, by majority of neighbours; null where it does not show. */
function listingOrder(lists: readonly AnsweredList[]): ListingOrder | null {
  let balance = 0;
  for (const { messages } of lists) {
    for (let index = 1; index < messages.length; index += 1) {
      const before = messages[index - 1]?.sentAt ?? null;
      const after = messages[index]?.sentAt ?? null;
      if (before !== null && after !== null) {
        balance += Math.sign(after - before);
      }
    }
  }
  return balance === 0 ? null : balance > 0 ? 'oldest_first' : 'newest_first';
}
