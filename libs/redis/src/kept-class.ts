import type { MessageClass } from '#core';

/** Characters of a class that are kept: 72 bits. The chance that two of 10,000 messages share them is one in 10^14. */
const CLASS_CHARACTERS = 12;

/** A class as Redis keeps it. Commits write it, and pages of older messages look for it. */
export function keptClass(name: MessageClass | null): string | undefined {
  return name?.slice(0, CLASS_CHARACTERS);
}
