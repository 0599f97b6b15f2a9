import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from './repository.js';

/**
 * The rights in Redis that OPERATIONS.md gives to Pollcast's user: what follows the password in its `ACL SETUSER`.
 *
 * @throws if the document has no such line
 */
export function documentedRights(): string[] {
  const [, rights] =
    /^ACL SETUSER pollcast on >\S+ (.+)$/m.exec(readFileSync(join(ROOT, 'OPERATIONS.md'), 'utf8')) ?? [];
  if (rights === undefined) throw new Error('OPERATIONS.md has no line that begins with ACL SETUSER pollcast');
  return rights.split(' ');
}
