import type { Client } from './client.js';
import { clientOf } from './clients.js';
import type { Deployment } from './deployment.js';
import { CONFIDENTIAL } from './log-faults.js';
import { tokenFor } from './tokens.js';
import { freshTickets } from './traffic.js';

/** Well-behaved clients that are there all the time: whatever others do, these must not notice. */
export class Witness {
  private readonly clients: (Client & { readonly ended: string | null })[] = [];
  private readonly caseIds = freshTickets(1, 'witness');
  private messages = 0;

  constructor(private readonly deployment: Deployment) {}

  async open(): Promise<void> {
    const token = await tokenFor({ sub: 'witness', audience: 'pollcast' });
    for (const transport of ['sse', 'websocket', 'polling'] as const) {
      const client = clientOf(transport, { token, caseIds: this.caseIds });
      await client.open(this.deployment.gateway().url);
      this.clients.push(client);
    }
  }

  /** Expects a new message to reach each of them on the connection that it has had from the start. */
  async expectUntouched(): Promise<void> {
    this.messages += 1;
    const content = `${CONFIDENTIAL} testimony ${this.messages}`;
    await this.deployment.upstream.post({ case_id: this.caseIds[0] ?? '', content });
    await Promise.all(this.clients.map(({ recording }) => recording.count(this.messages)));
    expect(this.clients.map(({ ended }) => ended)).toEqual([null, null, null]);
    expect(this.clients.map(({ recording }) => recording.messages.length)).toEqual(Array(3).fill(this.messages));
    expect([...this.deployment.gateways, ...this.deployment.workers].map(({ isRunning }) => isRunning)).not.toContain(
      false,
    );
  }

  close(): void {
    this.clients.forEach((client) => client.close());
  }
}
