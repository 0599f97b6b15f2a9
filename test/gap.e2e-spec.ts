import { clientOf } from './harness/clients/clients.js';
import { useDeployment } from './fixtures/use-deployment.js';
import { exchange } from './harness/clients/exchange.js';
import { CONFIDENTIAL } from './harness/log-faults.js';
import { tokenFor } from './harness/clients/tokens.js';
import { freshTickets } from './harness/upstream/traffic.js';
import { until } from './harness/until.js';

const TRANSPORTS = ['sse', 'websocket'] as const;
const KEPT = 20;

/** A client always gets a gap when events between its position and the replay are lost. */
describe('a gap', () => {
  const deployment = useDeployment({
    gateways: 2,
    settings: { HISTORY_MAX_EVENTS: String(KEPT) },
    allowedLogs: { stackTraces: true },
  });

  it.each(TRANSPORTS)('E7 R3 P2: is sent if history is too short, over %s', async (transport) => {
    const { upstream } = deployment;
    const [busy = '', idle = ''] = freshTickets(2);
    const token = await tokenFor();
    const client = clientOf(transport, { token, caseIds: [busy, idle] });
    const observer = clientOf(transport, { token, caseIds: [busy, idle] });
    await Promise.all([client.open(deployment.gateway(0).url), observer.open(deployment.gateway(0).url)]);
    await until(() => client.recording.of('status').length === 2, 10_000, 'the first statuses');
    client.cut();

    await upstream.post({ case_id: busy, content: `${CONFIDENTIAL} {n}`, count: 3 * KEPT });
    await upstream.post({ case_id: idle, content: `${CONFIDENTIAL} one` });
    await observer.recording.count(3 * KEPT + 1);
    // The other gateway has no events in memory, so the replay comes from history.
    const ready = await client.open(deployment.gateway(1).url);

    expect(ready).toMatchObject({ recovered: false, replayed: KEPT + 1 });
    expect(client.recording.of('gap').map(({ data }) => data)).toEqual([
      { case_ids: [busy], reason: 'history_truncated', after: expect.any(String), before: expect.any(String) },
    ]);
    const posted = (await upstream.ledger([busy])).map(({ content }) => content);
    const given = client.recording.messages.filter(({ data }) => data.case_id === busy);
    expect(given.map(({ data }) => data.message['content'])).toEqual(posted.slice(-KEPT));
    // A gap comes before the events that follow it.
    const order = client.recording.frames.map(({ event }) => event);
    expect(order.indexOf('gap')).toBeLessThan(order.indexOf('message'));
    [client, observer].forEach((each) => each.close());
  });

  it.each(TRANSPORTS)('R4 E7: is sent for a position that the feed never gave, over %s', async (transport) => {
    const { upstream } = deployment;
    const [caseId = ''] = freshTickets(1);
    const token = await tokenFor();
    const observer = clientOf('sse', { token, caseIds: [caseId] });
    await observer.open(deployment.gateway(0).url);
    await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} {n}`, count: 5 });
    await observer.recording.count(5);

    const live = /^([^-]+)-(\d+)(.+)$/.exec(observer.recording.lastEventId ?? '');
    const foreign = ['of another system', '0', `${live?.[1]}-999999999999`, `zzzzzzzzzzzzzz-${live?.[2]}`];
    foreign.push(`${live?.[1]}-999999999999${live?.[3]}`);
    for (const position of foreign) {
      const client = clientOf(transport, { token, caseIds: [caseId] });
      client.recording.lastEventId = position;
      const ready = await client.open(deployment.gateway(0).url);
      expect(ready.recovered).toBe(false);
      expect(client.recording.of('gap').map(({ data }) => data)).toEqual([
        { case_ids: [caseId], reason: 'unknown_position' },
      ]);
      // All events of history: twice is better than never.
      expect(client.recording.messages).toHaveLength(5);
      client.close();
    }
    // What others invent ends the epoch for nobody (R11).
    await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} {n}` });
    await observer.recording.count(6);
    expect(observer.recording.of('gap')).toEqual([]);
    observer.close();
  });

  it('H3: is the first event of a page', async () => {
    const { upstream } = deployment;
    const [caseId = ''] = freshTickets(1);
    const token = await tokenFor();
    const observer = clientOf('sse', { token, caseIds: [caseId] });
    const { last_event_id: start } = await observer.open(deployment.gateway(0).url);
    await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} {n}`, count: 2 * KEPT });
    await observer.recording.count(2 * KEPT);

    const page = async (after: string) => {
      const url = `${deployment.gateway(1).url}/v1/cases/${caseId}/messages?after=${encodeURIComponent(after)}`;
      const { text } = await exchange(url, { headers: { authorization: `Bearer ${token}` } });
      return JSON.parse(text).events[0];
    };
    expect(await page(start)).toMatchObject({ event: 'gap', reason: 'history_truncated' });
    expect(await page('of another system')).toMatchObject({ event: 'gap', reason: 'unknown_position' });
    expect(await page(observer.recording.lastEventId ?? '')).toBeUndefined();
    observer.close();
  });

  it('E7 P2 R9: is sent to every client when Redis has lost its data, and delivery goes on', async () => {
    const { upstream, redis } = deployment;
    const [caseId = ''] = freshTickets(1);
    const token = await tokenFor();
    const stays = TRANSPORTS.map((transport) => clientOf(transport, { token, caseIds: [caseId] }));
    const leaves = clientOf('sse', { token, caseIds: [caseId] });
    await Promise.all([...stays, leaves].map((client) => client.open(deployment.gateway(0).url)));
    await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} before` });
    await Promise.all([...stays, leaves].map(({ recording }) => recording.count(1)));
    leaves.cut();

    await redis.kill(); // It has no file, so it comes back empty.
    await redis.up();
    await until(() => deployment.gateway(1).isReady(), 15_000, 'gateway 1 to find Redis again');
    await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} after` });
    await leaves.open(deployment.gateway(1).url);

    for (const { recording } of [...stays, leaves]) {
      const { data } = await recording.next('gap');
      expect(data).toEqual({ case_ids: [caseId], reason: 'unknown_position' });
      await recording.next('message', ({ message }) => message['content'] === `${CONFIDENTIAL} after`);
    }
    [...stays, leaves].forEach((client) => client.close());
  });
});
