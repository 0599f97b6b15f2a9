import type { SeededRandom } from '../harness/seeded-random.js';
import type { ChaosDeployment } from './chaos-deployment.js';
import type { ResumingClient } from './resuming-client.js';

/** The deployment and the clients that a fault can use. */
export interface ChaosContext {
  readonly deployment: ChaosDeployment;
  readonly clients: readonly ResumingClient[];
  /** Tickets that are never refused. Messages flow if theirs arrive. */
  readonly caseIds: readonly string[];
  /** A ticket that the upstream may refuse. Its messages arrive after it is polled again. */
  readonly refusable: string;
  readonly token: string;
  readonly random: SeededRandom;
}

/** One kind of fault. */
export interface Fault {
  readonly name: string;
  /** Promised time from the end of the fault until the messages of every ticket flow again, ms. */
  readonly recoversWithinMs: number;
  /** Redis loses data. Clients get a `gap`, and everything that the upstream shows in a new epoch of the feed. */
  readonly losesData?: true;
  /** Its effects last long, so only `npm run test:chaos` has it. */
  readonly lingers?: true;
  /** The program whose processes it ends. Two such faults at once could end all processes of that program. */
  readonly ends?: 'gateways' | 'workers';
  /** Does not happen together with another fault, because it restarts what that fault needs. */
  readonly alone?: true;
  /**
   * Makes the fault, and resolves when it is over. Processes that it has ended are started later. All random values are
   * drawn before the first `await`, so that a seed repeats them.
   */
  happen(context: ChaosContext): Promise<void>;
}

/** Longest recovery from faults for which no time is promised, ms. */
export const IN_GENERAL_MS = 15_000;
