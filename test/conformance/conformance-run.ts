import { setTimeout as sleep } from 'node:timers/promises';

import type { Check } from './check.js';
import type { Target } from './target.js';
import { contentOf, Trial } from './trial.js';

/** The outcome of one check. */
export interface Outcome {
  readonly check: Check;
  readonly state: 'passed' | 'failed' | 'not applicable';
  /** Why it failed or does not apply. */
  readonly error?: Error;
  readonly ms: number;
}

/**
 * Checks that run at the same time, because they wait more than they compute. Each has at most three connections, and a
 * subject may have 20 (`MAX_CONNECTIONS_PER_SUBJECT`).
 */
const AT_ONCE = 5;
/** Longest check, ms. */
const CHECK_MS = 90_000;
/** Longest delivery of a message, if the target polls the given simulator, ms. */
const DELIVERY_MS = 20_000;

/** One run of checks against a target. */
export class ConformanceRun {
  private readonly outcomes: ReadonlyMap<Check, Promise<Outcome>>;

  /** Starts the checks in the given order, five at a time. */
  constructor(
    checks: readonly Check[],
    private readonly target: Target,
  ) {
    const settle = new Map<Check, (outcome: Outcome) => void>();
    this.outcomes = new Map(checks.map((each) => [each, new Promise((resolve) => settle.set(each, resolve))]));
    const waiting = [...checks];
    const worker = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) settle.get(next)?.(await this.outcomeOf(next));
    };
    void Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  /** Settles when the check has ended. Never rejects. */
  async outcome(check: Check): Promise<Outcome> {
    const outcome = this.outcomes.get(check);
    if (!outcome) throw new Error(`not a check of this run: ${check.title}`);
    return outcome;
  }

  all(): Promise<Outcome[]> {
    return Promise.all(this.outcomes.values());
  }

  private async outcomeOf(check: Check): Promise<Outcome> {
    const lacks = check.needs.map((need) => this.target.lacks(need)).find((reason) => reason !== null);
    if (lacks) return { check, state: 'not applicable', error: new Error(lacks), ms: 0 };
    const startedAt = Date.now();
    const trial = new Trial(this.target);
    try {
      await withinTime(check.run(trial));
      return { check, state: 'passed', ms: Date.now() - startedAt };
    } catch (error) {
      return { check, state: 'failed', error: error as Error, ms: Date.now() - startedAt };
    } finally {
      await trial.end();
    }
  }
}

/**
 * Resolves if a message that is posted to the simulator reaches a client of the gateway.
 *
 * @throws Error that says which of the two cannot be reached, or that they do not belong together
 */
export async function expectDelivery(target: Target): Promise<void> {
  const trial = new Trial(target);
  const caseId = trial.ticket();
  try {
    await target.upstream.counters().catch((error: unknown) => {
      throw new Error(`no simulator answers at ${target.upstream.url}: ${String(error)}`);
    });
    const client = await trial.client('sse', [caseId]);
    await client.open(target.gatewayUrl).catch((error: unknown) => {
      throw new Error(`no stream from the gateway at ${target.gatewayUrl}: ${String(error)}`);
    });
    await trial.upstream.post({ case_id: caseId, content: contentOf('first of all') });
    await client.recording.count(1, DELIVERY_MS).catch(() => {
      throw new Error(
        `a message posted at ${target.upstream.url} did not reach a client of ${target.gatewayUrl} within ` +
          `${DELIVERY_MS / 1000} s: do the workers of that gateway poll that simulator?`,
      );
    });
  } finally {
    await trial.end();
  }
}

async function withinTime(run: Promise<void>): Promise<void> {
  const time = new AbortController();
  const late = sleep(CHECK_MS, null, { signal: time.signal }).then(() => {
    throw new Error(`did not end within ${CHECK_MS / 1000} s`);
  });
  try {
    await Promise.race([run, late]);
  } finally {
    time.abort();
    late.catch(() => undefined);
  }
}
