import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { RunningSimulator, PATH } from '../../test/running-simulator.js';

let simulator: RunningSimulator;
beforeEach(async () => {
  simulator = await RunningSimulator.start();
  await simulator.say('TS1', 'grüß Gott');
});
afterEach(() => simulator.close());

const order = (fault: object): Promise<{ id: number }> => simulator.control('POST', 'faults', fault);
const ask = (caseIds = ['TS1'], signal?: AbortSignal): Promise<Response> =>
  simulator.fetchMessages(caseIds, { signal });
const status = async (caseIds?: string[]): Promise<number> => (await ask(caseIds)).status;

describe('a fault that answers in place of the service', () => {
  it('status: answers with any status, body and headers', async () => {
    const body = { error_code: 'OSM.0004', error_msg: 'busy' };
    await order({
      kind: 'status',
      status: 503,
      body,
      headers: { 'X-Extra': '1' },
      content_type: 'application/problem+json',
    });
    const response = await ask();
    expect(response.status).toBe(503);
    expect(response.headers.get('x-extra')).toBe('1');
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toEqual(body);
  });

  it('error_in_200: answers an error with the status 200', async () => {
    await order({ kind: 'error_in_200', error_code: 'OSM.01010001', error_msg: 'parameters' });
    const response = await ask();
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ error_code: 'OSM.01010001', error_msg: 'parameters' });
  });

  it.each([
    [7, '7'],
    ['Thu, 15 Jan 2026 12:01:00 GMT', 'Thu, 15 Jan 2026 12:01:00 GMT'],
    [undefined, null],
  ])('throttle: 429 with Retry-After %p', async (retry_after, header) => {
    await order({ kind: 'throttle', retry_after });
    const response = await ask();
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe(header);
    expect(await response.json()).toMatchObject({ error_code: 'APIGW.0308' });
  });

  it.each([
    ['403', 403],
    ['200', 200],
  ])('refuse_case: the whole request, as %s', async (as, expected) => {
    await order({ kind: 'refuse_case', case_ids: ['secret'], as });
    const response = await ask(['TS1', 'secret']);
    expect(response.status).toBe(expected);
    expect(await response.json()).toMatchObject({ error_code: 'OSM.01010002' });
    expect((await simulator.poll(['TS1'])).contents).toEqual(['TS1: grüß Gott']);
  });

  it.each([
    ['400', 400],
    ['200', 200],
  ])('refuse_cursor: requests with a cursor, as %s', async (as, expected) => {
    const { cursor } = await simulator.poll(['TS1']);
    const { id } = await order({ kind: 'refuse_cursor', as });
    const response = await simulator.fetchMessages(['TS1'], { cursor });
    expect(response.status).toBe(expected);
    expect(await response.json()).toMatchObject({ error_code: 'OSM.01010001' });
    expect((await simulator.poll(['TS1'])).contents).toEqual(['TS1: grüß Gott']);
    await simulator.control('DELETE', `faults/${id}`);
    await order({ kind: 'refuse_cursor', as, cursors: ['another'] });
    expect(await (await simulator.fetchMessages(['TS1'], { cursor })).json()).toHaveProperty('immsg');
  });

  it('html: answers a page of HTML, as a proxy does', async () => {
    await order({ kind: 'html' });
    const response = await ask();
    expect(response.status).toBe(502);
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(await response.text()).toContain('<html>');
  });

  it('redirect: answers with another location', async () => {
    await order({ kind: 'redirect', location: 'http://127.0.0.1:1/login' });
    const response = await ask();
    expect(response.status).toBe(302);
    expect(response.headers.get('location')).toBe('http://127.0.0.1:1/login');
  });

  it('hang: answers nothing until the client gives up', async () => {
    await order({ kind: 'hang' });
    const abort = new AbortController();
    const answer = ask(['TS1'], abort.signal);
    await until(async () => (await counters()).in_flight === 1);
    abort.abort();
    await expect(answer).rejects.toThrow();
    await until(async () => (await counters()).in_flight === 0);
    expect((await counters()).by_status).toEqual({ none: 1 });
  });

  it('reset: ends the connection without an answer', async () => {
    await order({ kind: 'reset' });
    await expect(ask()).rejects.toThrow();
  });
});

describe('a fault that damages the right answer', () => {
  it('truncate: sends fewer bytes than it announces', async () => {
    await order({ kind: 'truncate' });
    const response = await ask();
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
  });

  it('bad_json: sends valid HTTP with broken JSON', async () => {
    await order({ kind: 'bad_json' });
    const text = await (await ask()).text();
    expect(text).toMatch(/^\{"imstatus"/);
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
  });

  it('wrong_charset: sends bytes that are not UTF-8', async () => {
    await order({ kind: 'wrong_charset' });
    const response = await ask();
    const bytes = await response.arrayBuffer();
    expect(response.headers.get('content-type')).toContain('charset=utf-8');
    expect(() => new TextDecoder('utf-8', { fatal: true }).decode(bytes)).toThrow('not valid');
    expect(new TextDecoder('latin1').decode(bytes)).toContain('grüß Gott');
  });

  it('wrong_content_type: sends the right answer with another content type', async () => {
    await order({ kind: 'wrong_content_type' });
    const response = await ask();
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(await response.json()).toHaveProperty('immsg');
  });

  it('gzip: sends the right answer compressed, although the client did not ask for it', async () => {
    await order({ kind: 'gzip' });
    const request = get(`${simulator.origin}${PATH}?case_ids=TS1`, { headers: { 'X-Auth-Token': 't' } });
    const [plain] = (await once(request, 'response')) as [IncomingMessage];
    expect(plain.headers['content-encoding']).toBe('gzip');
    plain.resume();
    expect((await simulator.poll(['TS1'])).contents).toEqual(['TS1: grüß Gott']);
  });

  it('drip: sends the right answer slowly', async () => {
    await order({ kind: 'drip', chunk_bytes: 40, interval_ms: 1 });
    const response = await ask();
    const sizes: number[] = [];
    const reader = response.body!.getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) sizes.push(piece.value.length);
    expect(sizes.length).toBeGreaterThan(1);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(Number(response.headers.get('content-length')));
  });

  it('huge: sends the right answer with that much padding', async () => {
    await order({ kind: 'huge', bytes: 1_000_000 });
    const { text, contents } = await simulator.poll(['TS1']);
    expect(text.length).toBeGreaterThan(1_000_000);
    expect(contents).toEqual(['TS1: grüß Gott']);
  });
});

describe('a fault', () => {
  it('begins after some requests, and ends after some', async () => {
    await order({ kind: 'status', status: 500, after: 1, times: 2 });
    expect([await status(), await status(), await status(), await status()]).toEqual([200, 500, 500, 200]);
    expect(await simulator.control('GET', 'faults')).toEqual({ faults: [] });
  });

  it('applies only to requests for its tickets', async () => {
    await order({ kind: 'status', status: 500, case_ids: ['TS2', 'TS3'] });
    expect([await status(['TS1']), await status(['TS1', 'TS3'])]).toEqual([200, 500]);
  });

  it('is not applied together with another: the first one is', async () => {
    await order({ kind: 'status', status: 500, times: 1 });
    await order({ kind: 'status', status: 503, times: 1 });
    expect([await status(), await status(), await status()]).toEqual([500, 503, 200]);
  });

  it('is listed with the number of its requests, and ends when it is cleared', async () => {
    const { id } = await order({ kind: 'html' });
    const other = await order({ kind: 'throttle' });
    await ask();
    expect(await simulator.control('GET', 'faults')).toEqual({
      faults: [
        { kind: 'html', id, fired: 1 },
        { kind: 'throttle', id: other.id, fired: 0 },
      ],
    });
    await simulator.control('DELETE', `faults/${id}`);
    expect(await status()).toBe(429);
    expect((await simulator.fetchControl('DELETE', `faults/${id}`)).status).toBe(404);
    await simulator.control('DELETE', 'faults');
    expect(await status()).toBe(200);
  });

  it.each([
    ['an unknown kind', { kind: 'meteor' }, 'kind must be one of'],
    ['a parameter of another kind', { kind: 'html', bytes: 7 }, 'bytes is not known here'],
    ['a missing parameter', { kind: 'huge' }, 'bytes is missing'],
    ['cursors where there are none', { kind: 'refuse_cursor', target: 'iam' }, 'iam has no cursors'],
    ['no ticket to refuse', { kind: 'refuse_case' }, 'case_ids is missing'],
    ['tickets where there are none', { kind: 'html', target: 'iam', case_ids: ['TS1'] }, 'case_ids mean nothing'],
  ])('cannot be ordered with %s', async (_what, fault, problem) => {
    const response = await simulator.fetchControl('POST', 'faults', fault);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ problems: [expect.stringContaining(problem)] });
  });
});

interface Counters {
  readonly in_flight: number;
  readonly by_status: Record<string, number>;
}

const counters = (): Promise<Counters> => simulator.control('GET', 'counters');

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5));
}
