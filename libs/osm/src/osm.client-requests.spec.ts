import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PollRequest, UpstreamFailure } from '#core';
import type { AuthHeaders, Authenticator } from './identity/authenticator.js';
import { OsmClient, type OsmOptions } from './osm.client.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const EMPTY = '{"imstatus":[],"immsg":[],"last_message_time_id":1}';
const FEED = { language: 'en-us', groupId: 'G' };
const POLL: PollRequest = { feed: FEED, caseIds: ['A'], cursor: null, knownDigest: null };
/** No other timer has this duration, ms. */
const TIMEOUT_MS = 7777;

describe('a request to the upstream', () => {
  let server: Server;
  let answer: { status: number; body: string; headers: Record<string, string> } | null;
  const seen: IncomingMessage[] = [];
  const clients: OsmClient[] = [];
  const settled: [AuthHeaders, string | null][] = [];
  let given: AuthHeaders | Promise<AuthHeaders>;
  const authenticator: Authenticator = {
    headers: () => given,
    settled: (headers, failure) => (settled.push([headers, failure?.code ?? null]), false),
  };
  beforeAll(async () => {
    server = createServer((request, response) => {
      seen.push(request);
      if (answer !== null) response.writeHead(answer.status, answer.headers).end(answer.body);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  beforeEach(() => {
    seen.length = settled.length = 0;
    given = { 'x-auth-token': 'one' };
    answer = { status: 200, body: EMPTY, headers: JSON_TYPE };
  });
  afterEach(() => Promise.all(clients.splice(0).map((client) => client.close())));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  function open(options: Partial<OsmOptions> = {}): OsmClient {
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = new OsmClient(
      {
        ...{ baseUrl, proxies: { httpsProxy: '', httpProxy: '', noProxy: '' }, userAgent: 'test', timeZone: 'GMT+8' },
        ...{ site: '', trimRichText: '', timeoutMs: TIMEOUT_MS, maxBodyBytes: 1000, connections: 1, ...options },
      },
      authenticator,
      { now: () => 0 },
    );
    clients.push(client);
    return client;
  }
  const failureOf = (promise: Promise<unknown>) =>
    promise.then(
      () => Promise.reject(new Error('it was answered')),
      (failure: UpstreamFailure) => failure,
    );

  it.each<[string, number, string, string | null]>([
    ['an answer', 200, EMPTY, null],
    ['a refusal', 401, '{"error_code":"APIGW.0301"}', 'unauthorized'],
    ['an error in a 200', 200, '{"error_code":"OSM.0002"}', 'unauthorized'],
    ['what is no answer', 200, '[]', 'malformed'],
  ])('tells the credentials once what became of it: %s', async (_, status, body, outcome) => {
    answer = { status, body, headers: JSON_TYPE };
    await open()
      .poll(POLL)
      .catch(() => undefined);
    expect(settled).toEqual([[{ 'x-auth-token': 'one' }, outcome]]);
  });

  it('that is not sent because its credentials come too late tells so when they come', async () => {
    let give: (headers: AuthHeaders) => void = () => undefined;
    given = new Promise((resolve) => (give = resolve));
    expect(await failureOf(open({ timeoutMs: 20 }).poll(POLL))).toMatchObject({ code: 'timeout' });
    expect(settled).toEqual([]);
    give({ 'x-auth-token': 'late' });
    await new Promise((resolve) => setImmediate(resolve));
    expect([settled, seen]).toEqual([[[{ 'x-auth-token': 'late' }, 'timeout']], []]);
  });

  it('has the time that its credentials have left', async () => {
    answer = null;
    given = new Promise((resolve) => setTimeout(() => resolve({ 'x-auth-token': 'slow' }), 50));
    const { message } = await failureOf(open({ timeoutMs: 300 }).poll(POLL));
    expect(Number(/^no answer within (\d+) ms$/.exec(message)?.[1])).toBeLessThan(300);
  });

  it('leaves no timer, whether it was answered or not', async () => {
    const running = new Set<unknown>();
    const { setTimeout: start, clearTimeout: stop } = globalThis;
    const spies = [
      jest.spyOn(globalThis, 'setTimeout').mockImplementation((run: () => void, ms?: number) => {
        const timer = start(run, ms);
        if (ms === TIMEOUT_MS) running.add(timer);
        return timer;
      }),
      jest.spyOn(globalThis, 'clearTimeout').mockImplementation((timer) => {
        running.delete(timer);
        stop(timer);
      }),
    ];
    const client = open();
    await client.poll(POLL);
    given = Promise.resolve({ 'x-auth-token': 'waited for' });
    await client.poll(POLL);
    answer = { status: 200, body: EMPTY.padEnd(1001), headers: JSON_TYPE };
    expect(await failureOf(client.poll(POLL))).toMatchObject({ code: 'malformed' });
    expect(spies[0]?.mock.calls.filter(([, ms]) => ms === TIMEOUT_MS).length).toBeGreaterThan(3);
    expect(running.size).toBe(0);
    spies.forEach((spy) => spy.mockRestore());
  });

  it('that fails has the name that the upstream gave it, also if the answer has no body of an error', async () => {
    const client = open();
    const named = { 'x-request-id': 'request-7' };
    for (const [status, type, code] of [
      [200, 'text/html', 'malformed'],
      [502, 'text/html', 'unavailable'],
      [429, 'application/json', 'throttled'],
    ] as const) {
      answer = { status, body: '{}', headers: { 'content-type': type, 'retry-after': '3', ...named } };
      expect(await failureOf(client.poll(POLL))).toMatchObject({ code, requestId: 'request-7' });
    }
    expect(await failureOf(client.poll(POLL))).toMatchObject({ retryAfterMs: 3000 });
  });

  it('is one of a trace, in the language of its feed, whatever it asks for', async () => {
    const client = open({ traceparent: () => '00-trace', trimRichText: 'true' });
    await client.poll(POLL);
    answer = { status: 200, body: '{"message_list":[]}', headers: JSON_TYPE };
    await client.more({ feed: FEED, caseId: 'A', type: 0, before: 5000, limit: 100 });
    answer = { status: 200, body: '{"imunread":[]}', headers: JSON_TYPE };
    await client.unread(FEED, ['A']);
    const path = '/v2/servicerequest/cases';
    expect(seen.map(({ url }) => url)).toEqual([
      `${path}/instant-messages?case_ids=A&group_id=G&trim_osm_rich_text_label=true`,
      `${path}/A/instant-messages/more?create_time=5000&group_id=G&limit=100&trim_osm_rich_text_label=true&type=0`,
      `${path}/instant-messages/unread?case_ids=A&group_id=G`,
    ]);
    for (const { headers } of seen) expect(headers).toMatchObject({ traceparent: '00-trace', 'x-language': 'en-us' });
  });
});
