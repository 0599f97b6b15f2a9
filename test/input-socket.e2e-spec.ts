import { setTimeout as sleep } from 'node:timers/promises';

import { useDeployment } from './fixtures/use-deployment.js';
import { exchange } from './harness/clients/exchange.js';
import { SocketClient, type ConnectError } from './harness/clients/socket-client.js';
import { tokenFor, unsignedToken } from './harness/clients/tokens.js';
import { until } from './harness/until.js';
import { UnaffectedClients } from './fixtures/unaffected-clients.js';

const many = (count: number) => Array.from({ length: count }, (_, number) => `t${number}`);

/** Texts of Engine.IO messages: Socket.IO packets that are incomplete, wrong, unexpected or nested too deeply. */
const PACKETS = [
  '2',
  '2[',
  '2[]',
  '2{}',
  '2[1,2]',
  '2[null]',
  '2["subscribe",',
  '2["connect"]',
  '21["subscribe"',
  '2/elsewhere,["subscribe",{"case_ids":["T1"]}]',
  '0/elsewhere,{"token":"x"}',
  '0{"token":{}}',
  '1x',
  '3["ack"]',
  '39999999999999999999[]',
  '4"error"',
  '51-["subscribe",{"_placeholder":true,"num":0}]',
  '5999999999999-["subscribe"]',
  '9',
  'é\u0000',
  `2["subscribe",${'['.repeat(20_000)}`,
  `2["subscribe",{"case_ids":${'['.repeat(10_000)}${']'.repeat(10_000)}}]`,
];

/** Bad input over Socket.IO gets the documented error without internal details, and does not affect other clients. */
describe('bad input over Socket.IO', () => {
  const deployment = useDeployment({ settings: { POLL_INTERVAL_MS: '50', POLL_INTERVAL_MAX_MS: '50' } });
  const others = new UnaffectedClients(deployment);
  const url = () => deployment.gateway().url;

  beforeAll(() => others.open());
  afterEach(() => others.expectUnaffected());
  afterAll(() => others.close());

  async function connected(token?: string): Promise<SocketClient> {
    const client = new SocketClient({ token: token ?? (await tokenFor()), caseIds: [] });
    await client.connect(url());
    return client;
  }

  it.each<[string, readonly unknown[]]>([
    ['no body', []],
    ['null', [null]],
    ['a number', [7]],
    ['a text', ['T1']],
    ['a list', [['T1']]],
    ['an empty object', [{}]],
    ['a ticket that is no list', [{ case_ids: 'T1' }]],
    ['tickets that are an object', [{ case_ids: { length: 1_000_000_000, 0: 'T1' } }]],
    ['an empty list', [{ case_ids: [] }]],
    ['a number for an id', [{ case_ids: [1] }]],
    ['null for an id', [{ case_ids: [null] }]],
    ['a list for an id', [{ case_ids: [['T1']] }]],
    ['an empty id', [{ case_ids: [''] }]],
    ['an overlong id', [{ case_ids: ['x'.repeat(65)] }]],
    ['a control character', [{ case_ids: ['a\u0000'] }]],
    ['a blank', [{ case_ids: ['a b'] }]],
    ['a letter beyond ASCII', [{ case_ids: ['é'] }]],
    ['a lone surrogate', [{ case_ids: ['\ud800'] }]],
    ['a good id and a bad one', [{ case_ids: ['T1', {}] }]],
    ['an empty group', [{ case_ids: ['T1'], group_id: '' }]],
    ['a number for a group', [{ case_ids: ['T1'], group_id: 5 }]],
    ['an overlong group', [{ case_ids: ['T1'], group_id: 'g'.repeat(65) }]],
    ['a language that is none', [{ case_ids: ['T1'], language: '..' }]],
    ['an object for a language', [{ case_ids: ['T1'], language: {} }]],
    ['a text for a history', [{ case_ids: ['T1'], history: '5' }]],
    ['a history below 0', [{ case_ids: ['T1'], history: -1 }]],
    ['a history beyond 1000', [{ case_ids: ['T1'], history: 1001 }]],
    ['half an event of history', [{ case_ids: ['T1'], history: 1.5 }]],
    ['a number for a position', [{ case_ids: ['T1'], last_event_id: 5 }]],
    ['an overlong position', [{ case_ids: ['T1'], last_event_id: 'x'.repeat(65) }]],
    ['a second argument', [7, { case_ids: ['T1'] }]],
  ])('refuses a subscribe with %s as invalid, and lives on', async (_what, args) => {
    const client = await connected();
    const ack = await client.ask('subscribe', ...args);
    expect(ack).toEqual({ ok: false, error: { code: 'invalid', message: expect.any(String) } });
    expect(JSON.stringify(ack)).not.toMatch(/\bat .+:\d+:\d+|node_modules|\.[jt]s\b/);
    expect(await client.ask('subscribe', { case_ids: ['T1'] })).toMatchObject({ ok: true });
    client.close();
  });

  it('does not take a member of Object.prototype for a request', async () => {
    const client = await connected();
    const polluting = JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{}},"case_ids":["T1"]}');
    expect(await client.ask('subscribe', polluting)).toMatchObject({ ok: true, case_ids: ['T1'] });
    for (const event of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'publish', '']) {
      const ack = client.ask(event, { case_ids: ['T1'] });
      expect([event, await ack]).toEqual([
        event,
        { ok: false, error: { code: 'invalid', message: expect.any(String) } },
      ]);
    }
    client.close();
  });

  it('refuses a wrong unsubscribe and a wrong authenticate', async () => {
    const client = await connected();
    for (const [event, body] of [
      ['unsubscribe', { case_ids: [] }],
      ['unsubscribe', 'T1'],
      ['authenticate', {}],
      ['authenticate', { token: 5 }],
      ['authenticate', { token: '' }],
      ['authenticate', { token: 'x'.repeat(20_000) }],
    ] as const) {
      expect(await client.ask(event, body)).toMatchObject({ ok: false, error: { code: 'invalid' } });
    }
    client.close();
  });

  it('refuses more tickets than a subscription or a connection may have', async () => {
    const client = await connected();
    for (const count of [501, 10_000]) {
      expect(await client.ask('subscribe', { case_ids: many(count) })).toMatchObject({
        ok: false,
        error: { code: 'too_many' },
      });
    }
    client.close();
  });

  it('refuses tickets that the token does not cover, naming those and no others', async () => {
    const client = await connected(await tokenFor({ cases: ['T1', 'team-*'] }));
    expect(await client.ask('subscribe', { case_ids: ['T1', 'T2', 'team-7', 'tea'] })).toEqual({
      ok: false,
      error: { code: 'forbidden', message: expect.any(String), case_ids: ['T2', 'tea'] },
    });
    client.close();
  });

  it.each<[string, () => Promise<string | null>]>([
    ['no token', async () => null],
    ['what is no token', async () => 'nonsense'],
    ['a forged token', async () => tokenFor({ secret: 'another-secret-of-another-system' })],
    ['a token that has expired', async () => tokenFor({ expiresInS: -60 })],
    ['a token that says it needs no signature', async () => unsignedToken()],
    ['a token whose tickets are no list', async () => tokenFor({ cases: 'T1' })],
  ])('refuses a handshake with %s', async (_what, make) => {
    for (const transport of ['websocket', 'polling'] as const) {
      const client = new SocketClient({ token: await make(), caseIds: [] }, transport);
      const error = await client.connect(url()).catch((reason: ConnectError) => reason);
      expect(error).toMatchObject({ data: { code: 'unauthorized' } });
    }
  });

  it.each(PACKETS.map((packet) => [packet.slice(0, 50), packet]))('survives the packet %s', async (_start, packet) => {
    const client = await connected();
    client.sendText(packet);
    await sleep(100);
    // It may be ignored or end the connection. A new connection is served.
    client.close();
    const next = await connected();
    expect(await next.ask('subscribe', { case_ids: ['T1'] })).toMatchObject({ ok: true });
    next.close();
  });

  it('answers a request that is larger than any that is served, and ends a connection for one of four times that', async () => {
    const client = await connected();
    const long = { case_ids: ['x'.repeat(200_000)] };
    expect(await client.ask('subscribe', long)).toMatchObject({ ok: false, error: { code: 'invalid' } });
    client.sendText(`2["subscribe",{"case_ids":["${'x'.repeat(600_000)}"]}]`);
    await until(() => client.ended !== null, 5000, 'the connection to end');
  });

  it.each([
    ['an unknown transport', '?EIO=4&transport=pigeon', 'GET', ''],
    ['an unknown session', '?EIO=4&transport=polling&sid=none', 'GET', ''],
    ['a session that is posted to before it began', '?EIO=4&transport=polling', 'POST', 'garbage'],
    ['an old protocol', '?EIO=3&transport=polling', 'GET', ''],
    ['a wrong method', '?EIO=4&transport=polling', 'DELETE', ''],
  ])('answers a handshake with %s', async (_what, query, method, body) => {
    const { status, text } = await exchange(`${url()}/socket.io/${query}`, { method, body });
    expect(status).toBe(400);
    // Engine.IO's own words, which its clients know, or ours where those would not help.
    const ours = { type: 'urn:pollcast:problem:invalid', title: expect.any(String), status, code: 'invalid' };
    expect([
      { code: expect.any(Number), message: expect.any(String) },
      { ...ours, detail: expect.any(String) },
    ]).toContainEqual(JSON.parse(text));
  });

  it('survives garbage on long polling', async () => {
    const opened = await exchange(`${url()}/socket.io/?EIO=4&transport=polling`);
    const { sid } = JSON.parse(opened.text.slice(1));
    const at = `${url()}/socket.io/?EIO=4&transport=polling&sid=${sid}`;
    const { status } = await exchange(at, {
      method: 'POST',
      body: '\u001e9garbage\u001eb!!!',
      headers: { 'content-type': 'text/plain' },
    });
    expect([200, 400]).toContain(status);
  });
});
