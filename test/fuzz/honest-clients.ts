import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../harness/clients/client.js';
import { clientOf } from '../harness/clients/clients.js';
import { tokenFor } from '../harness/clients/tokens.js';
import { CONFIDENTIAL } from '../harness/log-faults.js';
import type { Deployment } from '../harness/processes/deployment.js';
import { SeededRandom } from '../harness/seeded-random.js';
import { ODD_TICKET, oddPosting } from './upstream-attacks.js';

const TICKET = 'honest-1';
const TICKETS = [TICKET, ODD_TICKET];
/** Pause between two postings, ms. */
const POST_EVERY_MS = 100;
/** Longest wait for the last message, ms: after a wrong answer the upstream is left alone for some seconds. */
const LAST_MS = 30_000;

/** One client of each transport. Each has to get each message once, whatever the others send meanwhile. */
export class HonestClients {
  private readonly clients: (Client & { readonly ended: string | null })[] = [];
  private readonly posted = new Map<string, string[]>(TICKETS.map((caseId) => [caseId, []]));
  private readonly random: SeededRandom;
  private readonly startedAt = Date.now();
  private isPosting = false;
  private posting: Promise<void> = Promise.resolve();

  constructor(
    private readonly deployment: Deployment,
    seed: number,
  ) {
    this.random = new SeededRandom(seed);
  }

  async open(): Promise<void> {
    const token = await tokenFor({ sub: 'honest', cases: ['honest-*'], expiresInS: 86_400 });
    for (const transport of ['sse', 'websocket', 'polling'] as const) {
      const client = clientOf(transport, { token, caseIds: TICKETS });
      await client.open(this.deployment.gateway().url);
      this.clients.push(client);
    }
    this.isPosting = true;
    this.posting = this.post();
  }

  /** Posts no more and waits for everything. @returns what is wrong, one sentence each */
  async account(): Promise<string[]> {
    this.isPosting = false;
    await this.posting;
    const wrong: string[] = [];
    const count = [...this.posted.values()].reduce((sum, contents) => sum + contents.length, 0);
    for (const { transport, recording, ended } of this.clients) {
      if (ended !== null) wrong.push(`the honest client over ${transport} was ended: ${ended}`);
      await recording.count(count, LAST_MS).catch((error: Error) => wrong.push(`${transport}: ${error.message}`));
      for (const [caseId, contents] of this.posted) {
        const got = recording.messages
          .filter(({ data }) => data.case_id === caseId)
          .map(({ data }) => data.message['content']);
        const at = contents.findIndex((content, index) => got[index] !== content);
        if (at >= 0) {
          wrong.push(
            `${transport}: message ${at} of ${caseId} is ${JSON.stringify(got[at])}, and ${JSON.stringify(contents[at])} was posted`,
          );
        }
        if (got.length > contents.length) {
          wrong.push(`${transport}: ${got.length} messages of ${caseId}, and ${contents.length} were posted`);
        }
      }
    }
    return wrong;
  }

  get messages(): number {
    return [...this.posted.values()].reduce((sum, contents) => sum + contents.length, 0);
  }

  close(): void {
    this.isPosting = false;
    this.clients.forEach((client) => client.close());
  }

  private async post(): Promise<void> {
    for (let number = 1; this.isPosting; number += 1) {
      const content = `${CONFIDENTIAL} ${number} after ${Date.now() - this.startedAt} ms`;
      const postings = [{ case_id: TICKET, content }, oddPosting(this.random, content)];
      // One after the other: the order of one call is not that of two tickets.
      for (const posting of postings) {
        await this.deployment.upstream.post(posting);
        this.posted.get(posting.case_id)?.push(posting.content);
      }
      await sleep(POST_EVERY_MS);
    }
  }
}
