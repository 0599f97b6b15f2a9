import { canonicalJson, type JsonObject } from './json.js';

/** A collision-resistant hash of a text, as short printable text. Core has no crypto; the worker passes one in. */
export type Digest = (text: string) => string;

/**
 * Identity of a message within its ticket: the fingerprint of all of its fields, and its number among equal messages.
 * It is exact, and it changes with the form of a message ({@link classOf}). Its text is in Redis: releases share it.
 */
export type MessageIdentity = string & { readonly __brand: 'MessageIdentity' };

/** Digest of all fields of a message. */
export function fingerprintOf(message: JsonObject, digest: Digest): string {
  return digest(canonicalJson(message));
}

/**
 * Identities of the messages of ONE ticket in ONE answer. Equal messages are counted: two equal messages are `f.1` and
 * `f.2`. Their order does not matter, because they are equal; their number does (invariant 3). The set difference of two
 * such lists is the multiset difference of the messages.
 */
export function identify(messages: readonly JsonObject[], digest: Digest): MessageIdentity[] {
  const counts = new Map<string, number>();
  return messages.map((message) => {
    const fingerprint = fingerprintOf(message, digest);
    const count = (counts.get(fingerprint) ?? 0) + 1;
    counts.set(fingerprint, count);
    return `${fingerprint}.${count}` as MessageIdentity;
  });
}
