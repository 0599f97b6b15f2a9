import type { SeededRandom } from '../harness/seeded-random.js';
import type { ChaosDeployment } from './chaos-deployment.js';
import type { ResumingClient } from './resuming-client.js';

/** What a fault is done to. */
export interface ChaosContext {
  readonly deployment: ChaosDeployment;
  readonly clients: readonly ResumingClient[];
  /** Tickets that are never refused: whether messages flow is seen by them. */
  readonly caseIds: readonly string[];
  /** A ticket that the upstream may refuse: its messages come once it is asked for again. */
  readonly refusable: string;
  readonly token: string;
  readonly random: SeededRandom;
}

/** One thing that can go wrong. */
export interface Fault {
  readonly name: string;
  /** What is promised of it: from when it is over until every ticket's messages flow again, ms. */
  readonly recoversWithinMs: number;
  /** Redis forgets: clients are told, and get all that the upstream shows in a new epoch of the feed. */
  readonly losesData?: true;
  /** It is long until all of its traces are gone: only for runs that somebody asked for. */
  readonly lingers?: true;
  /** Processes of which program it ends: two such at once could end all of them, and nobody would be there to go on. */
  readonly ends?: 'gateways' | 'workers';
  /** Takes part in nothing else: it restarts what another fault would need. */
  readonly alone?: true;
  /**
   * Makes it happen, and resolves when it is over; processes that it ended are started again later. Whatever is
   * random is drawn before the first `await`, so that a seed repeats it.
   */
  happen(context: ChaosContext): Promise<void>;
}

/** What nobody promised a time for is to be well again after this long, ms. */
export const IN_GENERAL_MS = 15_000;
