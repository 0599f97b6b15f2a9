import { canonicalJson, type JsonObject } from './json.js';

/** A collision-resistant hash of a text, as short printable text. Core has no crypto of its own: adapters bring one. */
export type Digest = (text: string) => string;

/** Identity of one delivered message within its ticket: what it says, and the how-many-th of its equals it is. */
export type MessageIdentity = string & { readonly __brand: 'MessageIdentity' };

/**
 * Names the messages of ONE ticket in ONE answer. Messages have no id, so a message is all of its fields, and equal
 * ones are told apart by counting: two equal messages are `f.1` and `f.2`. Which of the two is which does not matter,
 * since they are equal; that there are two does (invariant 3). The difference of two such lists of names is the
 * multiset difference of the messages.
 */
export function identify(messages: readonly JsonObject[], digest: Digest): MessageIdentity[] {
  const counts = new Map<string, number>();
  return messages.map((message) => {
    const fingerprint = digest(canonicalJson(message));
    const count = (counts.get(fingerprint) ?? 0) + 1;
    counts.set(fingerprint, count);
    return `${fingerprint}.${count}` as MessageIdentity;
  });
}
