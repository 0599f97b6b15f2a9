import { EventSource } from 'eventsource';
import { io } from 'socket.io-client';

import { useDeployment } from './fixtures/use-deployment.js';
import { exchange } from './harness/clients/exchange.js';
import { CONFIDENTIAL } from './harness/log-faults.js';
import { SocketClient } from './harness/clients/socket-client.js';
import { tokenFor } from './harness/clients/tokens.js';
import { freshTickets } from './harness/upstream/traffic.js';
import { until } from './harness/until.js';
import type { Ack, MessageEvent, Ready } from './harness/clients/wire.js';

const FRIEND = 'https://app.example';
const STRANGER = 'https://evil.example';

/** Browsers: origins, cookies, tokens in the query, automatic reconnection. */
describe('clients in browsers', () => {
  const deployment = useDeployment({ gateways: 2, settings: { ALLOWED_ORIGINS: `${FRIEND},http://localhost:8080` } });
  const url = () => deployment.gateway().url;

  it('A6: serves pages of allowed origins and of its own origin', async () => {
    const headers = { authorization: `Bearer ${await tokenFor()}` };
    const ask = (origin: string) => exchange(`${url()}/v1/cases/T1/messages`, { headers: { ...headers, origin } });
    expect(await ask(FRIEND)).toMatchObject({
      status: 200,
      headers: { 'access-control-allow-origin': FRIEND, 'access-control-allow-credentials': 'true', vary: 'Origin' },
    });
    const own = await ask(url());
    expect([own.status, own.headers['access-control-allow-origin']]).toEqual([200, undefined]);
    const stranger = await ask(STRANGER);
    expect([stranger.status, stranger.headers['access-control-allow-origin']]).toEqual([403, undefined]);
    expect(JSON.parse(stranger.text)).toMatchObject({ code: 'forbidden' });
    expect((await ask('null')).status).toBe(403);
  });

  it('A6: answers preflights of allowed origins only', async () => {
    const ask = (origin: string) =>
      exchange(`${url()}/v1/events`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' },
      });
    const { status, headers } = await ask(FRIEND);
    expect(status).toBe(204);
    expect(headers['access-control-allow-origin']).toBe(FRIEND);
    expect(headers['access-control-allow-headers']).toMatch(/authorization/i);
    expect((await ask(STRANGER)).headers['access-control-allow-origin']).toBeUndefined();
  });

  it.each(['websocket', 'polling'] as const)('A6: checks the origin of a handshake: %s', async (transport) => {
    const connect = async (origin: string) => {
      const client = new SocketClient({ token: await tokenFor(), caseIds: [], headers: { origin } }, transport);
      await client.connect(url());
      client.close();
    };
    await connect(FRIEND);
    await connect(url());
    await expect(connect(STRANGER)).rejects.toThrow();
    await expect(connect('null')).rejects.toThrow();
  });

  it('A1: takes the token from a cookie and from the query', async () => {
    const token = await tokenFor();
    const page = `${url()}/v1/cases/T1/messages`;
    expect((await exchange(page, { headers: { cookie: `other=1; pollcast_token=${token}` } })).status).toBe(200);
    expect((await exchange(`${page}?access_token=${token}`)).status).toBe(200);
    expect((await exchange(`${page}?access_token=${token}x`)).status).toBe(401);
    const headers = { cookie: `pollcast_token=${token}` };
    const client = new SocketClient({ token: null, caseIds: ['T1'], headers });
    await client.open(url());
    client.close();
  });

  it('serves an EventSource that reconnects by itself, with everything that it missed', async () => {
    const { upstream } = deployment;
    const [caseId = ''] = freshTickets(1);
    const contents: unknown[] = [];
    const ready: Ready[] = [];
    const source = new EventSource(`${url()}/v1/events?case_ids=${caseId}&access_token=${await tokenFor()}`);
    source.addEventListener('message', ({ data }) =>
      contents.push((JSON.parse(data) as MessageEvent).message['content']),
    );
    source.addEventListener('ready', ({ data }) => ready.push(JSON.parse(data) as Ready));
    try {
      await until(() => ready.length === 1, 10_000, 'ready');
      await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} before` });
      await until(() => contents.length === 1, 10_000, 'a message');
      await deployment.gateway().kill();
      await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} meanwhile` });
      await deployment.gateway().start();
      await until(() => ready.length === 2, 15_000, 'ready again');
      await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} after` });
      await until(() => contents.length === 3, 10_000, 'all three messages');
    } finally {
      source.close();
    }
    expect(contents).toEqual(['before', 'meanwhile', 'after'].map((word) => `${CONFIDENTIAL} ${word}`));
    expect(ready.map(({ recovered }) => recovered)).toEqual([false, true]);
  });

  it('serves a Socket.IO client with default settings that reconnects, with everything that it missed', async () => {
    const { upstream } = deployment;
    const [caseId = ''] = freshTickets(1);
    const token = await tokenFor();
    const events: MessageEvent[] = [];
    const acks: Ack<Ready>[] = [];
    let position: string | undefined;
    // The default of socket.io-client: long polling first, then the upgrade.
    const socket = io(url(), { forceNew: true, auth: (give) => give({ token }) });
    socket.on('connect', () => {
      void socket.emitWithAck('subscribe', { case_ids: [caseId], last_event_id: position }).then((ack: Ack<Ready>) => {
        acks.push(ack);
        if (ack.ok) position = ack.last_event_id;
      });
    });
    socket.on('message', (event: MessageEvent) => {
      events.push(event);
      position = event.id;
    });
    try {
      await until(() => acks.length === 1, 10_000, 'the acknowledgement');
      // Nothing is lost or out of order during the upgrade from long polling to a WebSocket.
      await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} {n}`, count: 50 });
      await until(() => events.length === 50, 10_000, 'the first messages');
      await until(() => socket.io.engine.transport.name === 'websocket', 10_000, 'the upgrade');
      await deployment.gateway().kill();
      await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} meanwhile` });
      await deployment.gateway().start();
      await until(() => acks.length === 2, 15_000, 'the second acknowledgement');
      await until(() => events.length === 51, 10_000, 'what was missed');
    } finally {
      socket.disconnect();
    }
    expect(acks).toMatchObject([
      { ok: true, recovered: false },
      { ok: true, recovered: true },
    ]);
    const expected = [...Array.from({ length: 50 }, (_, at) => String(at + 1)), 'meanwhile'];
    expect(events.map(({ message }) => message['content'])).toEqual(expected.map((each) => `${CONFIDENTIAL} ${each}`));
  });
});
