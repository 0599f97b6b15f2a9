import { feedKey } from '#core';
import { Deadline } from '../edge/deadline.js';
import { RunningGateway, token } from '../../test/running-gateway.js';

const ORIGIN = 'https://app.example';
const FEED = feedKey({ language: 'zh-cn' });

describe('POST /v1/hints', () => {
  let gateway: RunningGateway;
  beforeAll(async () => void (gateway = await RunningGateway.start({ ALLOWED_ORIGINS: ORIGIN })));
  afterAll(() => gateway.stop());

  async function post(body: string, claims: object = { hints: true }): Promise<{ status: number; code?: string }> {
    const headers = { authorization: `Bearer ${await token(claims)}`, 'content-type': 'application/json' };
    const response = await fetch(`${gateway.url}/v1/hints`, { method: 'POST', headers, body });
    const text = await response.text();
    return { status: response.status, ...(text && (JSON.parse(text) as { code: string })) };
  }

  it('makes the set of a ticket due at once', async () => {
    const { registry, clock } = gateway.store;
    await gateway.store.publish('A1');
    clock.advance(10_000);
    const [ref] = await registry.overdue(FEED, Number.POSITIVE_INFINITY);
    const begun = ref && (await registry.begin(ref, clock.now(), { owner: 'worker', until: clock.now() }));
    if (begun?.kind !== 'begun') throw new Error('no set');
    const due = { active: clock.now() + 5000, idle: clock.now() + 5000 };
    await registry.commit({
      ref: begun.set.ref,
      fence: begun.set.fence,
      now: clock.now(),
      entries: [],
      backfilled: [],
      due,
    });
    expect(await post('{"case_ids":["A1"]}')).toEqual({ status: 204 });
    expect(await registry.earliestDue(FEED)).toBe(clock.now());
  });

  it('is answered in time if the queue does not answer', async () => {
    await gateway.store.publish('A1');
    jest.spyOn(gateway.store.queue, 'wake').mockReturnValueOnce(new Promise(() => undefined));
    // The time of a request is about to pass when it begins to wait for the queue.
    const left = jest.spyOn(Deadline.prototype, 'leftMs', 'get').mockReturnValue(300);
    expect(await post('{"case_ids":["A1"]}')).toMatchObject({ status: 503, code: 'unavailable' });
    left.mockRestore();
  });

  it.each([
    ['a ticket that the token does not name', '{"case_ids":["B1"]}', { hints: true }, 403, 'forbidden'],
    ['a token without the claim', '{"case_ids":["A1"]}', {}, 403, 'forbidden'],
    ['no tickets', '{"case_ids":[]}', { hints: true }, 400, 'invalid'],
    ['a text', '"A1"', { hints: true }, 400, 'invalid'],
    ['malformed JSON', '{"case_ids":', { hints: true }, 400, 'invalid'],
    ['too many tickets', JSON.stringify({ case_ids: ids(501) }), { hints: true }, 400, 'too_many'],
    ['a body beyond its bound', JSON.stringify({ case_ids: ids(20_000) }), { hints: true }, 413, 'payload_too_large'],
    ['a text for tickets', '{"case_ids":"A1"}', { hints: true }, 400, 'invalid'],
    ['an id with a comma', '{"case_ids":["A1,A2"]}', { hints: true }, 400, 'invalid'],
  ])('refuses %s', async (_, body, claims, status, code) => {
    expect(await post(body, claims)).toMatchObject({ status, code });
  });

  it('is open to pages of an allowed origin: preflight, and then the hint', async () => {
    const url = `${gateway.url}/v1/hints`;
    const asked = {
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    };
    const preflight = await fetch(url, { method: 'OPTIONS', headers: { origin: ORIGIN, ...asked } });
    expect(preflight.status).toBe(204);
    const allowed = (name: string) => preflight.headers.get(`access-control-allow-${name}`);
    expect(allowed('origin')).toBe(ORIGIN);
    expect(allowed('methods')).toMatch(/\bPOST\b/);
    expect(allowed('headers')).toBe('authorization,content-type');
    const headers = { origin: ORIGIN, authorization: `Bearer ${await token({ hints: true })}` };
    const json = { ...headers, 'content-type': 'application/json' };
    const hint = await fetch(url, { method: 'POST', headers: json, body: '{"case_ids":["A1"]}' });
    expect([hint.status, hint.headers.get('access-control-allow-origin')]).toEqual([204, ORIGIN]);
    // What is refused can be read, too: else the page hears no more than that it failed.
    const refused = await fetch(url, { method: 'POST', headers, body: 'case_ids=A1' });
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([415, ORIGIN]);
  });

  describe('X5: says what it was given instead of what it takes', () => {
    async function send(headers: Record<string, string>, body = '{"case_ids":["A1"]}', method = 'POST') {
      const authorization = `Bearer ${await token({ hints: true })}`;
      const all = { authorization, ...headers };
      const answer = await fetch(`${gateway.url}/v1/hints`, {
        method,
        headers: all,
        body: method === 'POST' ? body : null,
      });
      const text = await answer.text();
      return { status: answer.status, allow: answer.headers.get('allow'), ...(text && JSON.parse(text)) };
    }
    const type = (value: string) => ({ 'content-type': value });

    it.each([
      ['text/plain', type('text/plain'), 'application/json, and this one is "text/plain'],
      ['a form', type('application/x-www-form-urlencoded'), 'application/json, and this one is "application/x-www-'],
      ['another charset', type('application/json; charset=utf-16'), 'UTF-8, and this one is "utf-16"'],
      [
        'gzip',
        { ...type('application/json'), 'content-encoding': 'gzip' },
        'not be compressed, and this one is "gzip"',
      ],
    ])('%s', async (_what, headers, words) => {
      expect(await send(headers)).toMatchObject({
        status: 415,
        code: 'unsupported_media_type',
        detail: expect.stringContaining(words),
      });
    });

    it.each([
      'application/json',
      'application/json;charset=UTF-8',
      'application/json; charset="utf-8"',
      'Application/Vnd.us+JSON',
      'application/cloudevents+json; charset=us-ascii',
    ])('and takes %s', async (value) => {
      expect((await send(type(value))).status).toBe(204);
    });

    it.each([
      ['a body that is cut', '{"case_ids":["se cret'],
      ['two texts', '{"case_ids":["A1"]} secret'],
      ['no JSON', 'secret'],
    ])('and quotes nothing of it: %s', async (_what, body) => {
      expect(await send(type('application/json'), body)).toMatchObject({
        status: 400,
        code: 'invalid',
        detail: 'the body could not be read as JSON',
      });
    });

    it('takes a byte order mark for what it is', async () => {
      expect((await send(type('application/json'), '\ufeff{"case_ids":["A1"]}')).status).toBe(204);
    });

    it('by the method', async () => {
      expect(await send({}, '', 'OPTIONS')).toMatchObject({ status: 204, allow: 'POST, OPTIONS' });
      expect(await send({}, '', 'GET')).toMatchObject({
        status: 405,
        allow: 'POST, OPTIONS',
        detail: 'only POST is served here, with JSON',
      });
    });

    it('and waits for no body of a client without a token', async () => {
      expect((await send({ ...type('text/plain'), authorization: '' })).status).toBe(401);
    });

    it('and counts it', async () => {
      const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
      expect(metrics).toMatch(/refusals_total\{[^}]*code="unsupported_media_type"[^}]*\} [1-9]/);
      expect(metrics).toMatch(/refusals_total\{[^}]*code="method_not_allowed"[^}]*\} [1-9]/);
    });
  });
});

function ids(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `A${index}`);
}
