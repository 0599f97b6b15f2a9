import { Redis } from 'ioredis';

import { clientOf } from './harness/clients/clients.js';
import { useDeployment } from './fixtures/use-deployment.js';
import type { Deployment } from './harness/processes/deployment.js';
import { exchange } from './harness/clients/exchange.js';
import { expectEverything } from './fixtures/expect-everything.js';
import { CONFIDENTIAL } from './harness/log-faults.js';
import type { LoggedRequest } from './harness/upstream/simulator-control.js';
import { tokenFor } from './harness/clients/tokens.js';
import type { SocketClient } from './harness/clients/socket-client.js';
import type { SseClient } from './harness/clients/sse-client.js';
import { freshTickets, postTraffic } from './harness/upstream/traffic.js';
import { until } from './harness/until.js';

const INTERVAL_MS = 200;
/** Requests of a bisection of a hundred tickets: the halvings, and up to three that confirm the result. */
const BISECTION_MAX = Math.ceil(Math.log2(100)) + 3;
/** Requests before them, if the cursor may be the reason. */
const CURSOR_TRIAL_MAX = 2;
/** The refusal: 403, an error in 200, or bad parameters (400). */
type Refusal = '403' | '200' | '400';
/** How long a ticket is in quarantine after its first refusal (core/polling/bisection.ts), and the longest time until its next poll then, ms. */
const QUARANTINE_MS = 60_000;
const BACK_MS = 15_000;

/** The longest time between two answered polls of any of these tickets, ms. */
function longestGap(requests: readonly LoggedRequest[], good: readonly string[], bad: string): number {
  const answered = requests.filter(({ case_ids }) => !case_ids.includes(bad));
  const gaps = good.map((caseId) => {
    const times = answered.filter(({ case_ids }) => case_ids.includes(caseId)).map(({ at }) => at);
    return Math.max(...times.slice(1).map((at, index) => at - (times[index] ?? at)));
  });
  return Math.max(...gaps);
}

/** A hundred tickets of one feed. The upstream refuses one of them. */
class Refused {
  readonly tickets: readonly string[];
  readonly bad: string;
  readonly good: readonly string[];
  private clients: readonly (SseClient | SocketClient)[] = [];
  private refusedAt = 0;

  constructor(
    private readonly deployment: Deployment,
    private readonly token: string,
    private readonly as: Refusal,
    private readonly language: string,
  ) {
    this.tickets = freshTickets(100, `refused-as-${as}`);
    this.bad = this.tickets[37] ?? '';
    this.good = this.tickets.filter((caseId) => caseId !== this.bad);
  }

  async begin(): Promise<void> {
    const { bad, good } = this;
    this.clients = [
      this.client('sse', [bad]),
      this.client('websocket', [bad, good[0] ?? '']),
      this.client('websocket', good),
    ];
    await Promise.all(this.clients.map((client) => this.open(client)));
    await this.deployment.upstream.post({ case_id: bad, content: `${CONFIDENTIAL} before` });
    await Promise.all(this.clients.slice(0, 2).map(({ recording }) => recording.count(1)));
    await until(() => this.isOneSet(), 10_000, 'one set of all hundred');
  }

  /** The upstream refuses the ticket: its clients are told, and the other tickets are polled at the same pace. */
  async refuse(): Promise<void> {
    const { bad, good, as } = this;
    const { upstream } = this.deployment;
    this.refusedAt = Date.now();
    const malformed = { kind: 'status', status: 400, body: { error_code: 'OSM.0001' } };
    await upstream.inject({ ...(as === '400' ? malformed : { kind: 'refuse_case', as }), case_ids: [bad] });
    await upstream.post({ case_id: bad, content: `${CONFIDENTIAL} meanwhile` });
    await postTraffic(upstream, { caseIds: good, messages: 200, overMs: 3000 });
    for (const { recording } of this.clients.slice(0, 2)) {
      const { data, at } = await recording.next('revoked');
      expect(data).toEqual({ case_ids: [bad], reason: 'upstream' });
      expect(at - this.refusedAt).toBeLessThan(3000);
    }
    await expectEverything(upstream, this.clients.slice(2));
    const seconds = (Date.now() - this.refusedAt) / 1000;
    const requests = (await upstream.requests()).filter(
      ({ at, case_ids }) => at >= this.refusedAt && this.tickets.includes(case_ids[0] ?? ''),
    );
    const gap = longestGap(requests, good, bad);
    const refused = requests.filter(({ case_ids }) => case_ids.includes(bad)).length;
    process.stderr.write(`as ${as}: ${refused} refused requests, the others polled at least every ${gap} ms\n`);
    const extra = BISECTION_MAX + (as === '400' ? CURSOR_TRIAL_MAX : 0);
    expect(refused).toBeLessThanOrEqual(1 + extra);
    expect(requests.length).toBeLessThanOrEqual((seconds * 1000) / INTERVAL_MS + extra + 3);
    expect(gap).toBeLessThan(5 * INTERVAL_MS);
  }

  /** A new client is told first, and gets what was delivered before. */
  async comeLate(): Promise<void> {
    const late = this.client('sse', [this.bad]);
    await this.open(late);
    const told = { event: 'revoked', data: { case_ids: [this.bad], reason: 'upstream' } };
    expect(late.recording.frames[0]).toMatchObject(told);
    expect(late.recording.contents).toEqual([`${CONFIDENTIAL} before`]);
    const page = await exchange(
      `${this.deployment.gateway().url}/v1/cases/${this.bad}/messages?language=${this.language}`,
      { headers: { authorization: `Bearer ${this.token}` } },
    );
    expect(page.text).toContain('before');
    this.clients = [...this.clients, late];
  }

  /** Its quarantine ends now, and not a minute after it was refused. */
  async endQuarantine(redis: Redis): Promise<void> {
    const [visits, apart] = ['pollcast:visits', `pollcast:{${this.language}}:apart`];
    const until = Number(await redis.zscore(apart, this.bad));
    expect(until - this.refusedAt).toBeGreaterThan(QUARANTINE_MS - 1000);
    expect(until - this.refusedAt).toBeLessThan(QUARANTINE_MS + 3000);
    // A worker looks at the feed by then.
    expect(Number(await redis.zscore(visits, this.language))).toBeLessThan(until + 1000);
    await redis.zadd(apart, 'XX', Date.now(), this.bad);
    await redis.zadd(visits, 'LT', Date.now(), this.language);
  }

  /** The upstream answers for it again: what was posted meanwhile is delivered once, and later messages follow. */
  async allowed(): Promise<void> {
    const concerned = this.clients.filter(({ options }) => options.caseIds.includes(this.bad));
    await Promise.all(
      concerned.map(({ recording }) =>
        until(() => recording.contents.includes(`${CONFIDENTIAL} meanwhile`), BACK_MS, 'what was said meanwhile'),
      ),
    );
    await this.deployment.upstream.post({ case_id: this.bad, content: `${CONFIDENTIAL} after` });
    await expectEverything(this.deployment.upstream, this.clients);
    for (const client of this.clients) {
      expect(client.recording.of('upstream')).toEqual([]);
      expect(client.recording.of('revoked')).toHaveLength(concerned.includes(client) ? 1 : 0);
      client.close();
    }
  }

  private async isOneSet(): Promise<boolean> {
    const requests = (await this.deployment.upstream.requests()).filter(({ case_ids }) => case_ids.includes(this.bad));
    return requests.at(-1)?.case_ids.length === this.tickets.length;
  }

  private client(transport: 'sse' | 'websocket', caseIds: readonly string[]): SseClient | SocketClient {
    return clientOf(transport, { token: this.token, caseIds, language: this.language });
  }

  private open(client: SseClient | SocketClient) {
    return client.open(this.deployment.gateway().url);
  }
}

/** Invariant 5: one ticket that the upstream refuses must not stop the other 99. */
describe('a ticket that the upstream refuses', () => {
  const deployment = useDeployment({ workers: 2, settings: { LANGUAGES: 'en-us,fr-fr' } });

  it('E9 H5: is found and its clients are told, the others keep their pace, and nothing is lost when it is allowed again', async () => {
    const token = await tokenFor();
    const all = [
      new Refused(deployment, token, '403', 'zh-cn'),
      new Refused(deployment, token, '200', 'en-us'),
      new Refused(deployment, token, '400', 'fr-fr'),
    ];
    await Promise.all(all.map((one) => one.begin()));
    await Promise.all(all.map((one) => one.refuse()));
    await Promise.all(all.map((one) => one.comeLate()));
    await deployment.upstream.clearFaults();
    const redis = new Redis(deployment.redis.url);
    await Promise.all(all.map((one) => one.endQuarantine(redis)));
    redis.disconnect();
    await Promise.all(all.map((one) => one.allowed()));
  });
});
