import { operators } from './admin.mjs';
import { clientEvents } from './client-events.mjs';
import { clientTabs } from './client-tabs.mjs';
import { clients } from './client.mjs';
import { core } from './core.mjs';
import { coreStates } from './core-states.mjs';
import { gateway } from './gateway.mjs';
import { attemptScripts } from './lua-attempts.mjs';
import { keptScripts } from './lua-kept.mjs';
import { lossScripts } from './lua-losses.mjs';
import { identities } from './identity.mjs';
import { historyScripts } from './lua-history.mjs';
import { setScripts } from './lua-sets.mjs';
import { snapshots } from './snapshots.mjs';
import { upstream } from './osm.mjs';
import { pollers } from './polling.mjs';
import { hostile } from './hostile.mjs';
import { reads } from './reads.mjs';
import { redisAdapters } from './redis.mjs';
import { sessions } from './session.mjs';
import { requests, tokens } from './tokens.mjs';
import { workers } from './worker.mjs';
import { world } from './world.mjs';

/**
 * The planted mistakes: mistakes that a good engineer can make, each with the rule that it breaks and the test that has
 * to fail. `npm run test:mutants` makes them one at a time (scripts/mutants.mjs). A row whose text is no longer in its
 * file is a failure. It has to be rewritten or deleted together with the code.
 *
 * @typedef {object} Mutant
 * @property {string} id unique; names the mistake
 * @property {string} file where it is made
 * @property {string} find text that is in the file once
 * @property {string} put text that takes its place: the mistake
 * @property {string} breaks the invariant of ARCHITECTURE.md or the rule that no longer holds, and what is seen of it
 * @property {{ file: string, test?: string }} killedBy the test file of the unit project that fails, and a part of the
 *   test's name; without one, any test of the file
 */

/** @type {readonly Mutant[]} */
export const mutants = [
  ...core,
  ...coreStates,
  ...identities,
  ...pollers,
  ...redisAdapters,
  ...historyScripts,
  ...setScripts,
  ...attemptScripts,
  ...keptScripts,
  ...lossScripts,
  ...upstream,
  ...gateway,
  ...operators,
  ...tokens,
  ...requests,
  ...hostile,
  ...reads,
  ...snapshots,
  ...sessions,
  ...workers,
  ...world,
  ...clients,
  ...clientEvents,
  ...clientTabs,
];
