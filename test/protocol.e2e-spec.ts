import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { clientOf } from './harness/clients/clients.js';
import { useDeployment } from './fixtures/use-deployment.js';
import { exchange } from './harness/clients/exchange.js';
import { CONFIDENTIAL } from './harness/log-faults.js';
import { SocketClient } from './harness/clients/socket-client.js';
import { SseClient } from './harness/clients/sse-client.js';
import { tokenFor } from './harness/clients/tokens.js';
import { freshTickets, ticketWithPast } from './harness/upstream/traffic.js';
import { until } from './harness/until.js';
import type { Ready } from './harness/clients/wire.js';

const TRANSPORTS = ['sse', 'websocket', 'polling'] as const;
const HEARTBEAT_MS = 400;

/** What PROTOCOL.md says of events and their order; its numbers are named in front. */
describe('the protocol', () => {
  const deployment = useDeployment({ settings: { SSE_HEARTBEAT_MS: String(HEARTBEAT_MS) } });
  const url = () => deployment.gateway().url;

  const ticketWith = (messages: number) => ticketWithPast(deployment, messages);

  it.each(TRANSPORTS)(
    'R5 W2 S2: gives the past, then says that it is ready, then what is new: %s',
    async (transport) => {
      const caseId = await ticketWith(3);
      const client = clientOf(transport, { token: await tokenFor(), caseIds: [caseId] });
      const ready = await client.open(url());
      await deployment.upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} new` });
      await client.recording.count(4);

      const { frames } = client.recording;
      expect(frames.map(({ event }) => event)).toEqual(['status', 'message', 'message', 'message', 'ready', 'message']);
      expect(ready).toMatchObject({ case_ids: [caseId], last_event_id: frames[3]?.id, recovered: false, replayed: 4 });
      const ids = frames.map(({ id }) => id);
      expect(ids.every((id) => id !== null && id.length <= 64)).toBe(true);
      expect(ids).toEqual([...ids].sort());
      client.close();
    },
  );

  it('S2 S3 S6: writes a stream as an EventSource wants it', async () => {
    const caseId = await ticketWith(1);
    const headers = { authorization: `Bearer ${await tokenFor()}` };
    const { text, response } = await new Promise<{ text: string; response: Record<string, unknown> }>(
      (resolve, reject) => {
        const outgoing = request(`${url()}/v1/events?case_ids=${caseId}`, { headers, agent: false }, (incoming) => {
          let read = '';
          incoming.setEncoding('utf8').on('data', (piece: string) => {
            read += piece;
            if (!/event: ready\ndata: .+\n\n/.test(read)) return;
            outgoing.destroy();
            resolve({ text: read, response: { status: incoming.statusCode, ...incoming.headers } });
          });
        });
        outgoing.on('error', reject).end();
      },
    );

    expect(response).toMatchObject({
      status: 200,
      'content-type': expect.stringMatching(/^text\/event-stream/),
      'cache-control': expect.stringContaining('no-transform'),
      'x-accel-buffering': 'no',
    });
    expect(response['content-encoding']).toBeUndefined();
    const event = (name: string) => `id: [\\w-]{1,64}\nevent: ${name}\ndata: \\{.+\\}\n\n`;
    expect(text).toMatch(new RegExp(`^retry: \\d+\n${event('status')}${event('message')}${event('ready')}$`));
  });

  it('S4: sends a comment on a quiet stream, and none on a busy one', async () => {
    const caseId = await ticketWith(0);
    const client = new SseClient({ token: await tokenFor(), caseIds: [caseId] });
    await client.open(url());
    await until(() => client.recording.comments >= 3, 10 * HEARTBEAT_MS, 'three heartbeats');

    for (let message = 1; message <= 10; message += 1) {
      await deployment.upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} busy ${message}` });
      await client.recording.count(message);
      if (message === 1) client.recording.comments = 0;
    }
    // Events come every poll interval, which is half of a heartbeat's: at most one slips in between.
    expect(client.recording.comments).toBeLessThanOrEqual(1);
    client.close();
  });

  it('S6: answers HEAD with the same checks and no stream', async () => {
    const [caseId = ''] = freshTickets(1);
    const at = `${url()}/v1/events?case_ids=${caseId}`;
    const head = async (token: string) =>
      (await exchange(at, { method: 'HEAD', headers: { authorization: `Bearer ${token}` } })).status;
    expect(await head(await tokenFor())).toBe(200);
    expect(await head(await tokenFor({ cases: [] }))).toBe(403);
    expect(await head('nonsense')).toBe(401);
  });

  it.each(TRANSPORTS)('E3: tells a status when it becomes known and when it changes: %s', async (transport) => {
    const { upstream } = deployment;
    const [caseId = ''] = freshTickets(1);
    const client = clientOf(transport, { token: await tokenFor(), caseIds: [caseId] });
    await client.open(url());
    const statuses = () => client.recording.of('status').map(({ data }) => data.status);
    await until(() => statuses().length === 1, 10_000, 'the first status');
    for (const status of [0, 0, 1, 1] as const) {
      await upstream.setStatus(caseId, status);
      await sleep(600);
    }
    expect(statuses()).toEqual([1, 0, 1]);
    expect(client.recording.of('status')[1]?.data).toMatchObject({ case_id: caseId, seen_at: expect.any(String) });
    client.close();
  });

  it('E2: tells when a message was sent, whatever the wall clock, and null where that cannot be read', async () => {
    const { upstream } = deployment;
    const caseId = await ticketWith(0);
    const client = clientOf('sse', { token: await tokenFor(), caseIds: [caseId] });
    await client.open(url());
    const before = Date.now();
    await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} timed`, time_ms: before });
    const { data } = await client.recording.next('message');
    expect(data.sent_at).toBe(new Date(Math.floor(before / 1000) * 1000).toISOString());
    expect(Date.parse(data.seen_at)).toBeGreaterThanOrEqual(before - 1000);
    expect(data.message['create_time']).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);

    await upstream.change({ time_form: 'iso_offset' });
    await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} to the millisecond`, time_ms: before });
    const exact = await client.recording.next('message', ({ message }) =>
      String(message['content']).endsWith('to the millisecond'),
    );
    expect(exact.data.sent_at).toBe(new Date(before).toISOString());
    expect(exact.data.message['create_time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+08:00$/);
    await upstream.change({ time_form: 'documented' });

    const message = { content: `${CONFIDENTIAL} undated`, create_time: 'yesterday' };
    const body = {
      imstatus: null,
      immsg: [{ incident_id: caseId, message_list: [message] }],
      last_message_time_id: null,
    };
    await upstream.inject({ kind: 'status', status: 200, body, case_ids: [caseId], times: 1 });
    const undated = await client.recording.next('message', ({ sent_at }) => sent_at === null);
    expect(undated.data.message).toEqual(message);
    client.close();
  });

  describe('over Socket.IO', () => {
    async function connected(caseIds: readonly string[]): Promise<SocketClient> {
      const client = new SocketClient({ token: await tokenFor(), caseIds });
      await client.connect(url());
      return client;
    }

    it('W3: adds up the subscriptions of one connection, each with a replay of its own', async () => {
      const [first, second] = [await ticketWith(1), await ticketWith(2)];
      const client = await connected([]);
      expect(await client.ask<Ready>('subscribe', { case_ids: [first] })).toMatchObject({ ok: true, replayed: 2 });
      const ack = await client.ask<Ready>('subscribe', { case_ids: [second, second] });
      expect(ack).toMatchObject({ ok: true, replayed: 3, case_ids: [second], recovered: false });
      await deployment.upstream.post(
        ...[first, second].map((case_id) => ({ case_id, content: `${CONFIDENTIAL} new` })),
      );
      await client.recording.count(5);
      client.close();
    });

    it('W4: begins a ticket anew that is live already', async () => {
      const caseId = await ticketWith(2);
      const client = await connected([caseId]);
      await client.subscribe();
      const { last_event_id, ...again } = (await client.ask<Ready>('subscribe', {
        case_ids: [caseId],
        history: 1,
      })) as Ready;
      expect(again).toMatchObject({ ok: true, replayed: 1 });
      await deployment.upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} new` });
      await client.recording.count(4);
      await sleep(600);
      const contents = client.recording.contents.map((content) => content.replace(`${CONFIDENTIAL} `, ''));
      expect(contents).toEqual(['past 1', 'past 2', 'past 2', 'new']);
      expect(client.recording.messages[3]?.id).not.toBe(last_event_id);
      client.close();
    });

    it('W6: gives nothing of a ticket after it was left, and goes on with the others', async () => {
      const [left, kept] = [await ticketWith(0), await ticketWith(0)];
      const client = await connected([left, kept]);
      await client.subscribe();
      expect(await client.ask('unsubscribe', { case_ids: [left, 'never-subscribed'] })).toEqual({ ok: true });
      await deployment.upstream.post(...[left, kept].map((case_id) => ({ case_id, content: `${CONFIDENTIAL} late` })));
      await client.recording.count(1);
      await sleep(600);
      expect(client.recording.messages.map(({ data }) => data.case_id)).toEqual([kept]);
      client.close();
    });

    it('W8: works off many requests in their order', async () => {
      const caseId = await ticketWith(1);
      const client = await connected([caseId]);
      const acks = await Promise.all(
        Array.from({ length: 60 }, (_, at) => client.ask(at % 2 ? 'unsubscribe' : 'subscribe', { case_ids: [caseId] })),
      );
      expect(acks.filter((ack) => !ack.ok)).toEqual([]);
      await deployment.upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} to nobody` });
      await sleep(800);
      expect(client.recording.contents).not.toContain(`${CONFIDENTIAL} to nobody`);
      client.close();
    });
  });
});
