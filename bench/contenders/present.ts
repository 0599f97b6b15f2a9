import type { ContenderKind } from './contender.js';

/** Those that can be measured here. Says of the others why they are not. */
export function present(kinds: readonly ContenderKind[]): ContenderKind[] {
  return kinds.filter((kind) => {
    const reason = kind.absent();
    if (reason !== null) console.warn(`\n!!! ${kind.name} is NOT measured: ${reason}\n`);
    return reason === null;
  });
}
