import { exchange } from '../clients/exchange.js';
import { UPSTREAM_TOKEN } from '../log-faults.js';

const PATH = '/v2/servicerequest/cases';

/** What the upstream's account has not read, as the upstream's own API says it. */
export class AccountUnread {
  constructor(private readonly upstream: string) {}

  /** @throws Error if the upstream does not answer with 200 */
  async counts(caseIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const query = new URLSearchParams({ case_ids: caseIds.join(',') }).toString();
    const text = await this.call('GET', `instant-messages/unread?${query}`);
    const { imunread } = JSON.parse(text) as { imunread: { incident_id: string; unread_num: number }[] };
    return new Map(imunread.map(({ incident_id: caseId, unread_num: count }) => [caseId, count]));
  }

  /** The account reads a ticket. @throws Error if the upstream does not answer with 200 */
  async markRead(caseId: string): Promise<void> {
    await this.call('POST', `${caseId}/instant-messages/unread`);
  }

  private async call(method: string, path: string): Promise<string> {
    const headers = { 'x-auth-token': UPSTREAM_TOKEN };
    const { status, text } = await exchange(`${this.upstream}${PATH}/${path}`, { method, headers, timeoutMs: 5000 });
    if (status !== 200) throw new Error(`the upstream answered ${method} ${path} with ${status}: ${text}`);
    return text;
  }
}
