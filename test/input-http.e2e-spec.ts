import { useDeployment } from './fixtures/use-deployment.js';
import { exchange, type Exchange } from './harness/clients/exchange.js';
import { rawHttp } from './harness/clients/raw-http.js';
import { tokenFor, unsignedToken } from './harness/clients/tokens.js';
import type { Problem } from './harness/clients/wire.js';
import { UnaffectedClients } from './fixtures/unaffected-clients.js';

const EVENTS = '/v1/events';
const MESSAGES = '/v1/cases/T1/messages';
const many = (count: number, name = 'case_ids') =>
  Array.from({ length: count }, (_, number) => `${name}=t${number}`).join('&');

/** Bad input over HTTP gets the documented error without internal details, and does not affect other clients. */
describe('bad input over HTTP', () => {
  const deployment = useDeployment({
    settings: { AUTH_JWT_AUDIENCE: 'pollcast', POLL_INTERVAL_MS: '50', POLL_INTERVAL_MAX_MS: '50' },
  });
  const others = new UnaffectedClients(deployment);
  const aud = 'pollcast';

  beforeAll(() => others.open());
  afterEach(() => others.expectUnaffected());
  afterAll(() => others.close());

  async function ask(path: string, token: string | null, method = 'GET'): Promise<Exchange & { problem: Problem }> {
    const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
    const answer = await exchange(`${deployment.gateway().url}${path}`, { method, headers });
    expectNoInsides(answer.text);
    return { ...answer, problem: JSON.parse(answer.text) as Problem };
  }

  function expectProblem(
    { status, headers, problem }: Exchange & { problem: Problem },
    expected: Partial<Problem>,
  ): void {
    expect(headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(problem).toMatchObject({ type: expect.any(String), title: expect.any(String), status, ...expected });
    expect(status).toBe(expected.status);
  }

  it.each([
    ['no ticket', `${EVENTS}`],
    ['an empty id', `${EVENTS}?case_ids=`],
    ['an empty id among others', `${EVENTS}?case_ids=a&case_ids=`],
    ['an overlong id', `${EVENTS}?case_ids=${'x'.repeat(65)}`],
    ['a control character', `${EVENTS}?case_ids=a%00b`],
    ['a line break', `${EVENTS}?case_ids=a%0Ab`],
    ['a blank', `${EVENTS}?case_ids=a%20b`],
    ['a letter beyond ASCII', `${EVENTS}?case_ids=%C3%A9`],
    ['bytes that are no UTF-8', `${EVENTS}?case_ids=%FF%FE`],
    ['brackets, which are another key', `${EVENTS}?case_ids[]=a`],
    ['an overlong group', `${EVENTS}?case_ids=a&group_id=${'g'.repeat(65)}`],
    ['two groups', `${EVENTS}?case_ids=a&group_id=g&group_id=h`],
    ['a language that is none', `${EVENTS}?case_ids=a&language=%22%3E`],
    ['a history below 0', `${EVENTS}?case_ids=a&history=-1`],
    ['a history beyond 1000', `${EVENTS}?case_ids=a&history=1001`],
    ['half an event of history', `${EVENTS}?case_ids=a&history=1.5`],
    ['a history that is no number', `${EVENTS}?case_ids=a&history=all`],
    ['an overlong position', `${EVENTS}?case_ids=a&last_event_id=${'1'.repeat(65)}`],
    ['a position with a control character', `${EVENTS}?case_ids=a&last_event_id=%07`],
    ['a page of nothing', `${MESSAGES}?limit=0`],
    ['a page without end', `${MESSAGES}?limit=1001`],
    ['a page of a word', `${MESSAGES}?limit=ten`],
    ['a page after too long a position', `${MESSAGES}?after=${'1'.repeat(65)}`],
    ['the page of an overlong id', `/v1/cases/${'x'.repeat(65)}/messages`],
    ['the page of a control character', '/v1/cases/a%00b/messages'],
  ])('refuses %s as invalid', async (_what, path) => {
    expectProblem(await ask(path, await tokenFor({ aud })), { status: 400, code: 'invalid' });
  });

  it('refuses more tickets than a subscription may have', async () => {
    const token = await tokenFor({ aud });
    for (const count of [501, 1000]) {
      expectProblem(await ask(`${EVENTS}?${many(count)}`, token), { status: 400, code: 'too_many' });
    }
  });

  it('refuses a request line or a header beyond 20 KiB, and says what takes more', async () => {
    const answers = [
      await ask(`${EVENTS}?${many(10_000)}`, await tokenFor({ aud })),
      await ask(`${EVENTS}?case_ids=T1`, 'x'.repeat(100_000)),
    ];
    for (const answer of answers) {
      expectProblem(answer, { status: 431, code: 'headers_too_large' });
      expect(answer.text).toContain('POST /v1/events');
    }
  });

  it('refuses a broken escape in a path', async () => {
    expectProblem(await ask('/v1/cases/%E0%A4%A/messages', await tokenFor({ aud })), {
      status: 400,
      code: 'invalid',
    });
  });

  it.each<[string, () => Promise<string | null>]>([
    ['no token', async () => null],
    ['what is no token', async () => 'nonsense'],
    ['a token of nobody', async () => tokenFor({ aud, sub: '' })],
    ['a forged token', async () => tokenFor({ aud, secret: 'another-secret-of-another-system' })],
    ['a token that has expired', async () => tokenFor({ aud, expiresInS: -60 })],
    ['a token that says it needs no signature', async () => unsignedToken()],
    ['a token by another algorithm', async () => tokenFor({ aud, alg: 'HS512' })],
    ['a token for others', async () => tokenFor({ aud: 'somebody-else' })],
    ['a token for nobody in particular', async () => tokenFor()],
    ['a token whose tickets are no list', async () => tokenFor({ aud, cases: 'T1' })],
    ['a token whose tickets are numbers', async () => tokenFor({ aud, cases: [1] })],
    ['a token whose groups are an object', async () => tokenFor({ aud, groups: {} })],
    ['a token cut short', async () => (await tokenFor({ aud })).slice(0, -6)],
    ['a huge token', async () => 'x'.repeat(17_000)],
  ])('refuses %s', async (_what, make) => {
    const token = await make();
    for (const path of [`${EVENTS}?case_ids=T1`, MESSAGES]) {
      const answer = await ask(path, token);
      expectProblem(answer, { status: 401, code: 'unauthorized' });
      expect(answer.headers['www-authenticate']).toBe('Bearer');
      if (token) expect(answer.text).not.toContain(token);
    }
  });

  it('refuses tickets and groups that a token does not cover, naming those and no others', async () => {
    const token = await tokenFor({ aud, cases: ['T1', 'team-*'], groups: ['g1'] });
    const refused = await ask(`${EVENTS}?case_ids=T1&case_ids=T2&case_ids=team-7&case_ids=tea`, token);
    expectProblem(refused, { status: 403, code: 'forbidden', case_ids: ['T2', 'tea'] });
    expectProblem(await ask(`${EVENTS}?case_ids=T1&group_id=g2`, token), { status: 403, code: 'forbidden' });
    expectProblem(await ask('/v1/cases/T2/messages', token), { status: 403, code: 'forbidden', case_ids: ['T2'] });
  });

  it.each(['/nothing', '/v1', '/v1/event', '/v1/events/more', '/v1/cases/T1', '/.env', '/v1/events%2F..%2F', '//'])(
    'does not know the path %s',
    async (path) => expectProblem(await ask(path, await tokenFor({ aud })), { status: 404, code: 'not_found' }),
  );

  it.each([
    ['POST', [MESSAGES]],
    ['PUT', [`${EVENTS}?case_ids=T1`, MESSAGES]],
    ['DELETE', [`${EVENTS}?case_ids=T1`, MESSAGES]],
    ['PATCH', [`${EVENTS}?case_ids=T1`, MESSAGES]],
  ])('does not serve %s', async (method, paths) => {
    for (const path of paths) {
      const answer = await ask(path, await tokenFor({ aud }), method);
      expectProblem(answer, { status: 405, code: 'method_not_allowed' });
      expect(answer.headers.allow).toContain('GET');
    }
  });

  it.each([
    ['no HTTP', 'hello\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['binary', Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00]), /^HTTP\/1\.1 400 /],
    ['another version', 'GET / HTTP/9.9\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['a header without an end', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(400_000)}`, /^HTTP\/1\.1 431 /],
    ['two lengths', 'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', /^HTTP\/1\.1 400 /],
  ])('answers %s', async (_what, bytes, expected) => {
    const answer = await rawHttp(deployment.gateway().port, bytes);
    expect(answer).toMatch(expected);
    expect(answer).toMatch(/content-type: application\/problem\+json/i);
    expectNoInsides(answer);
  });
});

/** No stack trace and no path of a file in an answer. */
function expectNoInsides(text: string): void {
  expect(text).not.toMatch(/\bat .+:\d+:\d+|node_modules|\.[jt]s\b|"stack"/);
}
