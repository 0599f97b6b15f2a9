import { connect, type Gap, type TicketMessage } from '#client';
import { clientOf } from './harness/clients/clients.js';
import { exchange } from './harness/clients/exchange.js';
import { tokenFor } from './harness/clients/tokens.js';
import { CONFIDENTIAL } from './harness/log-faults.js';
import { NetworkLink } from './harness/network-link.js';
import { freshTickets } from './harness/upstream/traffic.js';
import { until } from './harness/until.js';
import { WholeReader } from './chaos/whole-reader.js';
import { useDeployment } from './fixtures/use-deployment.js';
import { SeededRandom } from './harness/seeded-random.js';

const KEPT = 20;
const POSTED = 130;

interface OlderPage {
  readonly events: readonly {
    readonly event: string;
    readonly id: string;
    readonly message: { readonly content: string };
  }[];
  readonly before: string | null;
  readonly more: boolean;
}

/** What is older than history comes from the upstream, as pages that go back. */
describe('older messages', () => {
  const deployment = useDeployment({
    gateways: 2,
    workers: 2,
    settings: { HISTORY_MAX_EVENTS: String(KEPT) },
    redis: ['--appendonly', 'yes'],
    allowedLogs: { stackTraces: true },
  });
  let token: string;
  beforeAll(async () => void (token = await tokenFor()));

  const read = async (gateway: number, caseId: string, query: string) => {
    const url = `${deployment.gateway(gateway).url}/v1/cases/${caseId}/messages?${query}`;
    const answer = await exchange(url, { headers: { authorization: `Bearer ${token}` } });
    return { status: answer.status, page: JSON.parse(answer.text) as OlderPage };
  };

  /** A ticket with more messages than history keeps, and a client that has what is kept. */
  async function longTicket() {
    const [caseId = ''] = freshTickets(1);
    const start = Date.now() - 3_600_000;
    // Three messages a second, so that pages and parts end within a second.
    const times = Array.from({ length: POSTED }, (_, n) => start + n * 333);
    await deployment.upstream.post(
      ...times.map((time_ms, n) => ({ case_id: caseId, content: `${CONFIDENTIAL} ${n}`, time_ms })),
    );
    const client = clientOf('sse', { token, caseIds: [caseId], history: KEPT });
    await client.open(deployment.gateway(0).url);
    const newest = `${CONFIDENTIAL} ${POSTED - 1}`;
    const has = () => client.recording.messages.some(({ data }) => data.message['content'] === newest);
    await until(has, 15_000, 'the newest message');
    const posted = (await deployment.upstream.ledger([caseId])).map(({ content }) => content);
    return { caseId, client, posted };
  }

  /** Goes back to the beginning, from gateway to gateway. Each page is asked for until it is answered. */
  async function wayBack(caseId: string, from: string, more: string, between = async () => undefined as void) {
    const contents: string[] = [];
    const ids: string[] = [];
    for (let before: string | null = from, turn = 0; before !== null; turn += 1) {
      const asked: string = before;
      const { page } = await until(
        async () => {
          const answer = await read(turn % 2, caseId, `before=${asked}&${more}`).catch(() => null);
          return answer?.status === 200 ? answer : null;
        },
        25_000,
        'a page',
      );
      const messages = page.events.filter(({ event }) => event === 'message');
      contents.unshift(...messages.map(({ message }) => message.content));
      ids.unshift(...messages.map(({ id }) => id));
      expect(page.events.filter(({ event }) => event === 'gap')).toEqual([]);
      expect(page.more).toBe(page.before !== null);
      before = page.before;
      await between();
    }
    return { contents, ids };
  }

  it('H7 H8: are read back to the beginning, each once, with the ids that they had', async () => {
    const { caseId, client, posted } = await longTicket();
    const last = client.recording.lastEventId ?? '';
    await deployment.upstream.resetCounters();
    const { contents, ids } = await wayBack(caseId, last, 'limit=17');
    expect(contents).toEqual(posted.slice(0, contents.length));
    expect(contents.length).toBeGreaterThanOrEqual(POSTED - 1);
    expect([...ids].sort()).toEqual(ids);
    const live = new Map(client.recording.messages.map(({ data }) => [data.message['content'], data.id]));
    contents.forEach((content, at) => live.has(content) && expect(ids[at]).toBe(live.get(content)));
    // Two parts: 130 messages, 100 in one answer.
    expect(await deployment.upstream.counters()).toMatchObject({ more: 2 });
    client.close();
  });

  it('H9: ends at a position that the client has', async () => {
    const { caseId, client, posted } = await longTicket();
    const { page } = await read(0, caseId, `before=${client.recording.lastEventId}&limit=1000`);
    const seam = page.before ?? '';
    const back = await read(1, caseId, `before=${seam}&limit=50`);
    const [first] = back.page.events;
    const closed = await wayBack(caseId, seam, `limit=13&after=${first?.id}`);
    const upTo = posted.indexOf(back.page.events[0]?.message.content ?? '');
    expect(closed.contents).toEqual(posted.slice(upTo + 1, upTo + back.page.events.length));
    client.close();
  });

  it('H8: cost the upstream one request, however many ask at once', async () => {
    const { caseId, client } = await longTicket();
    const { page } = await read(0, caseId, `before=${client.recording.lastEventId}&limit=1000`);
    await deployment.upstream.resetCounters();
    await deployment.upstream.change({ latency_ms: 300 });
    const asked = Array.from({ length: 40 }, (_, n) => read(n % 2, caseId, `before=${page.before}&limit=50`));
    const answers = await Promise.all(asked);
    await deployment.upstream.change({ latency_ms: 0 });
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map((one) => JSON.stringify(one.page.events))).size).toBe(1);
    expect(await deployment.upstream.counters()).toMatchObject({ more: 1 });
    client.close();
  });

  it('H7: are neither lost nor doubled while workers, gateways and the upstream fail', async () => {
    const { caseId, client, posted } = await longTicket();
    const last = client.recording.lastEventId ?? '';
    const faults = [
      () => deployment.worker(0).kill(),
      () => deployment.gateway(1).kill(),
      () => deployment.upstream.inject({ kind: 'reset', target: 'more', times: 1 }),
      () => deployment.upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} live` }),
    ];
    const { contents } = await wayBack(caseId, last, 'limit=31', async () => {
      await faults.shift()?.();
      await deployment.restore();
    });
    expect(contents).toEqual(posted.slice(0, contents.length));
    expect(contents.length).toBeGreaterThanOrEqual(POSTED - 1);
    client.close();
  });

  it('H7 H11 P1: make a whole with a snapshot and its stream while Redis, workers and gateways are killed', async () => {
    const { caseId, client } = await longTicket();
    const gateways = [0, 1].map((number) => deployment.gateway(number).url);
    const reader = new WholeReader({ caseId, token, gateways, random: new SeededRandom(1) });
    const reading = reader.read();
    const say = (content: string) =>
      deployment.upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} ${content}` });
    await deployment.redis.kill();
    await say('without a store');
    await deployment.redis.up();
    await Promise.all([deployment.worker(0).kill(), deployment.gateway(1).kill()]);
    await say('with a half of the programs');
    await deployment.restore();
    await reading;
    await say('at the end');
    const posted = await deployment.upstream.ledger([caseId]);
    // Messages that the stream has still to deliver count as lost.
    await until(
      () => reader.account(posted, 0).length === 0,
      25_000,
      () => reader.account(posted, 0).join('; '),
    );
    expect(posted).toHaveLength(POSTED + 3);
    await reader.stop();
    client.close();
  });

  it('E11: of a truncated history names what pages have, and the client library closes it', async () => {
    const [caseId = ''] = freshTickets(1);
    const link = await NetworkLink.to(deployment.gateway(0).port);
    const contents: string[] = [];
    const gaps: Gap[] = [];
    const client = connect({ url: `http://127.0.0.1:${link.port}`, token, retryMaxMs: 500 });
    const onMessage = ({ message }: TicketMessage) => void contents.push(String(message['content']));
    client.subscribe(caseId, { onMessage, onGap: (gap) => void gaps.push(gap) });
    await until(() => client.state.name === 'live', 15_000, 'a live client');
    await deployment.upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} first` });
    await until(() => contents.length === 1, 15_000, 'the first message');
    const observer = clientOf('sse', { token, caseIds: [caseId] });
    await observer.open(deployment.gateway(1).url);
    link.cut();
    await deployment.upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} {n}`, count: 3 * KEPT });
    await observer.recording.count(3 * KEPT + 1);
    await deployment.gateway(0).kill();
    await deployment.restore();
    link.mend();
    const posted = (await deployment.upstream.ledger([caseId])).map(({ content }) => content);
    await until(
      () => contents.length >= posted.length,
      25_000,
      () => `${posted.length} messages, not ${contents.length}`,
    );
    expect([contents, gaps]).toEqual([posted, []]);
    client.close();
    observer.close();
    await link.dispose();
  });

  it('H10: are unavailable while the upstream refuses them, and those of history are not', async () => {
    const { caseId, client } = await longTicket();
    await deployment.upstream.inject({ kind: 'refuse_case', target: 'more', case_ids: [caseId] });
    const { status, page } = await read(0, caseId, `before=${client.recording.lastEventId}&limit=1000`);
    expect(status).toBe(200);
    const url = `${deployment.gateway(0).url}/v1/cases/${caseId}/messages?before=${page.before}`;
    const refused = await exchange(url, { headers: { authorization: `Bearer ${token}` } });
    expect(refused.status).toBe(503);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(JSON.parse(refused.text)).toMatchObject({ code: 'unavailable' });
    await deployment.upstream.clearFaults();
    client.close();
  });
});
