import { canonicalJson, type JsonObject } from './json.js';

/** A collision-resistant hash of a text, as short printable text. Core has no crypto; the worker passes one in. */
export type Digest = (text: string) => string;

/** Identity of a message within its ticket: the fingerprint of its fields, and its number among equal messages. */
export type MessageIdentity = string & { readonly __brand: 'MessageIdentity' };

/**
 * Identities of the messages of ONE ticket in ONE answer. Messages have no id, so a message is identified by all of its
 * fields, and equal messages are counted: two equal messages are `f.1` and `f.2`. Their order does not matter, because
 * they are equal; their number does (invariant 3). The set difference of two such lists is the multiset difference of the
 * messages.
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
