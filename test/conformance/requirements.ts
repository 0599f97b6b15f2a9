import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from '../harness/processes/repository.js';

const REQUIREMENT = /^- \*\*([A-Z]\d+)\*\* /gm;

/** The ids of all numbered requirements, in the order of PROTOCOL.md. */
export function requirementIds(): readonly string[] {
  const text = readFileSync(join(ROOT, 'PROTOCOL.md'), 'utf8');
  return [...text.matchAll(REQUIREMENT)].map(([, id = '']) => id);
}

/**
 * Requirements that no client can test alone: something has to happen to the deployment. `npm test` tests them with a
 * deployment of its own. The values say what has to happen.
 */
export const NEEDS_HARNESS: Readonly<Record<string, string>> = {
  A9: 'a client vanishes without a word',
  A10: 'an operator revokes rights',
  A11: 'AUTH_MODE is upstream',
  R9: 'the store is restarted',
  X3: 'the store is frozen',
  X7: 'hostile connections are opened by the dozen',
  X8: 'a proxy may answer for the gateway: most send no requests ahead',
  X9: 'MAX_HANDSHAKES_PER_ADDRESS_PER_S is small',
  X10: 'MAX_UNKNOWN_CASES_PER_SUBJECT is small',
  H6: 'reads of the store are held up',
  E11: 'the upstream keeps more than history',
  H7: 'more was published than history keeps',
  H8: 'more was published than history keeps',
  H9: 'the requests to the upstream are counted',
  H10: 'the upstream refuses to show older messages',
  D5: 'the requests to the upstream are counted',
  D6: 'the gateway has access keys',
  W11: "the gateway's rooms are looked at from inside",
  R15: 'messages are marked as read at the upstream',
  R13: 'the first poll of a ticket is held up',
  R12: 'history is larger than one part of a replay',
  P3: 'SLOW_CONSUMER_MAX_BYTES is small',
  P4: 'a gateway is stopped',
  T6: 'rights end while a read waits, and a gateway is stopped',
};
