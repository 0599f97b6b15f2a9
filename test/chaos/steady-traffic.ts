import { setTimeout as sleep } from 'node:timers/promises';

import { CONFIDENTIAL } from '../harness/log-faults.js';
import { AccountUnread } from '../harness/upstream/account-unread.js';
import type { SeededRandom } from '../harness/seeded-random.js';
import type { Posting, SimulatorControl } from '../harness/upstream/simulator-control.js';

/** Time between two postings, ms. */
const STEP_MS = 250;
/** The share of postings with a second message that is equal in every field. */
const EQUAL_PAIRS = 0.15;
/** The share of steps that also change a status. */
const STATUSES = 0.05;
/** The share of steps in which the account also reads a ticket. */
const READS = 0.05;

/** Posts messages during the whole run, and probes that show whether messages arrive. */
export class SteadyTraffic {
  private stopped = false;
  private running: Promise<void> = Promise.resolve();
  private probes = 0;

  constructor(
    private readonly upstream: SimulatorControl,
    private readonly caseIds: readonly string[],
    private readonly random: SeededRandom,
  ) {}

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  /** Posts one message to every ticket. @returns the content of these messages */
  async probe(): Promise<string> {
    this.probes += 1;
    const content = `${CONFIDENTIAL} probe ${this.probes}`;
    await this.upstream.post(...this.caseIds.map((case_id): Posting => ({ case_id, content })));
    return content;
  }

  private async run(): Promise<void> {
    const account = new AccountUnread(this.upstream.url);
    for (let step = 1; !this.stopped; step += 1) {
      const count = this.random.chance(EQUAL_PAIRS) ? 2 : 1;
      await this.upstream.post(
        { case_id: this.random.pick(this.caseIds), content: `${CONFIDENTIAL} ${step}`, count },
        { case_id: this.random.pick(this.caseIds), content: `${CONFIDENTIAL} ${step} beside` },
      );
      if (this.random.chance(STATUSES)) {
        await this.upstream.setStatus(this.random.pick(this.caseIds), this.random.chance(0.5) ? 1 : 0);
      }
      if (this.random.chance(READS)) await account.markRead(this.random.pick(this.caseIds));
      await sleep(STEP_MS);
    }
  }
}
