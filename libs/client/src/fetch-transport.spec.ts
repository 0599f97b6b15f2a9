import { condition } from '../test/condition.js';
import { idOf, messageEvent } from '../test/model-gateway.js';
import { stream, StreamServer, type Asked } from '../test/stream-server.js';
import type { GatewayEvent, Refusal } from './events.js';
import { openFetchStream } from './fetch-transport.js';
import type { Link, TransportRequest } from './transport.js';

const message = (offset: number) => messageEvent({ id: idOf(offset), case_id: 'A' });

describe('a stream by fetch', () => {
  let server: StreamServer;
  let answer: (asked: Asked) => void;
  let link: Link | null = null;
  const heard: { events: GatewayEvent[]; alive: number; refusals: Refusal[]; ends: string[] } = {
    ...{ events: [], alive: 0, refusals: [], ends: [] },
  };
  let room: () => Promise<void> = () => Promise.resolve();
  beforeAll(async () => void (server = await StreamServer.start((asked) => answer(asked))));
  afterAll(() => server.dispose());
  beforeEach(() => {
    server.asked.length = heard.events.length = heard.refusals.length = heard.ends.length = heard.alive = 0;
    room = () => Promise.resolve();
    answer = (asked) => stream(asked);
  });
  afterEach(() => link?.close());

  function open(request: Partial<TransportRequest> = {}, url = server.url): void {
    const usual = { caseIds: ['A'], position: null, token: 'secret', clientId: 'page' };
    link = openFetchStream(
      { ...usual, url, groupId: undefined, language: undefined, history: undefined, ...request },
      {
        event: (event) => heard.events.push(event),
        alive: () => (heard.alive += 1),
        refused: (refusal) => heard.refusals.push(refusal),
        ended: (text) => heard.ends.push(text),
        room: () => room(),
      },
    );
  }
  const asked = async () => {
    await condition(() => server.asked.length > 0, 'a request');
    return server.asked[0] as Asked;
  };

  it('has its tickets in the query, and its token in a header', async () => {
    open({ caseIds: ['A', 'B'], position: 'p-1', groupId: 'g', language: 'en-us', history: 5 });
    const { method, path, headers } = await asked();
    const query = 'case_ids=A%2CB&group_id=g&language=en-us&history=5&last_event_id=p-1&client_id=page';
    expect([method, path, headers.authorization]).toEqual(['GET', `/v1/events?${query}`, 'Bearer secret']);
  });

  it('has more tickets than a URL carries in a body', async () => {
    const caseIds = Array.from({ length: 500 }, (_, number) => `CASE-${number}`);
    open({ caseIds, position: 'p-1' });
    const { method, path, headers, body } = await asked();
    expect([method, path, headers['content-type'], headers.authorization]).toEqual([
      ...['POST', '/v1/events', 'application/json', 'Bearer secret'],
    ]);
    expect(JSON.parse(body)).toEqual({ case_ids: caseIds, last_event_id: 'p-1', client_id: 'page' });
  });

  it('has no longer URL than proxies take, at any number of tickets', async () => {
    answer = ({ response }) => response.writeHead(204).end();
    for (let length = 300; length < 500; length += 40) {
      open({ caseIds: Array.from({ length }, (_, number) => `CASE-${number}`) });
    }
    await condition(() => server.asked.length === 5, 'five requests');
    expect(Math.max(...server.asked.map(({ path }) => path.length))).toBeLessThan(4100);
    expect(new Set(server.asked.map(({ method }) => method))).toEqual(new Set(['GET', 'POST']));
  });

  it('hands on events, wherever the network cuts them, and says that a comment came', async () => {
    answer = () => undefined;
    open();
    const { response } = await asked();
    const bytes = Buffer.from(': beat\r\n\r\nevent: message\r\ndata: {"id":"1","message":{"content":"ü"}}\r\n\r\n');
    const events = heard.events;
    for (const byte of bytes) {
      await new Promise((resolve) => response.write(Buffer.of(byte), resolve));
    }
    await condition(() => events.length > 0, 'the event');
    expect(events).toEqual([{ name: 'message', data: { id: '1', message: { content: 'ü' } } }]);
    expect(heard.alive).toBeGreaterThan(0);
  });

  it('reads no further while the handlers are behind', async () => {
    let goOn: () => void = () => undefined;
    room = () => new Promise((resolve) => (goOn = resolve));
    open();
    const first = await asked();
    stream(first, message(1));
    await condition(() => heard.events.length === 1, 'the first event');
    stream(first, message(2));
    // More than all buffers between the two hold: the server would have sent it if somebody read.
    const rest = `: ${'x'.repeat(1000)}\n`.repeat(1 << 14);
    let isSent = false;
    first.response.write(`${rest}\n`, () => (isSent = true));
    stream(first, message(3));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([heard.events.length, isSent]).toEqual([1, false]);
    room = () => Promise.resolve();
    goOn();
    await condition(() => heard.events.length === 3, 'the other events');
  });

  it.each([
    [
      'a refusal of the gateway',
      [403, {}, { code: 'forbidden', detail: 'not B', case_ids: ['B'] }],
      { code: 'forbidden', message: 'not B', caseIds: ['B'] },
    ],
    [
      'a refusal for a while',
      [429, { 'retry-after': '7' }, { code: 'too_many', detail: 'too many connections' }],
      { code: 'too_many', message: 'too many connections', retryMs: 7000 },
    ],
    [
      'a proxy that limits',
      [429, {}, 'slow down'],
      { code: 'unavailable', message: expect.stringContaining('429'), retryMs: 0 },
    ],
    [
      'a proxy without a gateway',
      [502, {}, '<html>bad gateway</html>'],
      { code: 'unavailable', message: expect.stringContaining('502') },
    ],
    [
      'a proxy that wants to know who it is',
      [401, {}, '<html>who?</html>'],
      { code: 'unauthorized', message: expect.stringContaining('401') },
    ],
    [
      'another server',
      [404, {}, '<html>not found</html>'],
      { code: 'invalid', message: expect.stringContaining('404') },
    ],
  ] as const)('tells %s', async (_, [status, headers, body], refusal) => {
    answer = ({ response }) => {
      response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
    };
    open();
    await condition(() => heard.refusals.length > 0, 'the refusal');
    expect(heard.refusals).toEqual([refusal]);
  });

  it('says that it has ended, when the gateway ends it and when it is cut', async () => {
    open();
    (await asked()).response.end();
    await condition(() => heard.ends.length === 1, 'its end');
    answer = ({ response }) => response.destroy();
    open();
    await condition(() => heard.ends.length === 2, 'its cut');
    expect(heard.ends).toEqual(['the gateway ended the stream', expect.stringContaining('fetch failed')]);
  });

  it('says to a page of another origin what may be missing: browsers tell only people why there is no answer', async () => {
    const { url } = server;
    answer = ({ response }) => response.destroy();
    for (const origin of ['https://page.example', url]) {
      Object.assign(globalThis, { location: { origin } });
      open();
      await condition(() => heard.ends.length > 0, 'its end');
      const hint = origin === url ? '' : ` (is ${origin} in ALLOWED_ORIGINS of ${url}?)`;
      expect(heard.ends.splice(0)).toEqual([`Error: TypeError: fetch failed${hint}`]);
    }
    Reflect.deleteProperty(globalThis, 'location');
  });

  it('hands on a character whose bytes come in two pieces', async () => {
    open();
    const { response } = await asked();
    const bytes = Buffer.from('event: gap\ndata: {"reason":"漢"}\n\n');
    const cut = bytes.indexOf(0xe6) + 1;
    response.write(bytes.subarray(0, cut));
    await condition(() => heard.alive > 0, 'the first piece');
    response.write(bytes.subarray(cut));
    await condition(() => heard.events.length > 0, 'the event');
    expect(heard.events).toEqual([{ name: 'gap', data: { reason: '漢' } }]);
  });

  it('hands on nothing of a piece after the event at which it was closed', async () => {
    let isLate = false;
    const told: GatewayEvent[] = [];
    answer = (first) => stream(first, message(1), message(2));
    const request = { caseIds: ['A'], position: null, token: null, clientId: 'page', url: server.url };
    const closing = openFetchStream(
      { ...request, groupId: undefined, language: undefined, history: undefined },
      {
        ...{ alive: () => undefined, refused: () => undefined, ended: () => undefined },
        event: (event) => {
          told.push(event);
          closing.close();
        },
        room: async () => void (isLate = true),
      },
    );
    const { response } = await asked();
    await condition(() => response.closed, 'the end of the stream');
    expect([told.map(({ name }) => name), isLate]).toEqual([['message'], false]);
  });

  it('takes a cookie where it has no token, and none beside one; no cache answers', async () => {
    const fetching = jest.spyOn(globalThis, 'fetch');
    for (const token of ['secret', null]) open({ token, history: 0 });
    await condition(() => server.asked.length === 2, 'both requests');
    expect(fetching.mock.calls.map(([, init]) => [init?.credentials, init?.cache])).toEqual([
      ['omit', 'no-store'],
      ['include', 'no-store'],
    ]);
    expect(server.asked.map(({ headers }) => headers.authorization).sort()).toEqual(['Bearer secret', undefined]);
    // No past event is something else than the usual number of them.
    expect(server.asked.every(({ path }) => path.includes('&history=0&'))).toBe(true);
    fetching.mockRestore();
  });

  it('says nothing more after it was closed', async () => {
    open();
    const first = await asked();
    stream(first, message(1));
    await condition(() => heard.events.length === 1, 'the first event');
    const gone = new Promise((resolve) => first.response.on('close', resolve));
    link?.close();
    await gone;
    expect([heard.ends, heard.refusals]).toEqual([[], []]);
  });
});
