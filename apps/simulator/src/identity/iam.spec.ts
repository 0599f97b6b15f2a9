import { RunningSimulator } from '../../test/running-simulator.js';

const HOUR_MS = 3_600_000;

let simulator: RunningSimulator;
beforeEach(async () => {
  simulator = await RunningSimulator.start({ SIMULATOR_TOKEN: 'fixed', SIMULATOR_IAM_PASSWORD: 'right' });
});
afterEach(() => simulator.close());

const user = { name: 'demo', password: 'right', domain: { name: 'acme' } };
const loginBody = (given: object = user, scope?: object): object => ({
  auth: { identity: { methods: ['password'], password: { user: given } }, ...(scope && { scope }) },
});

const login = (body: object): Promise<Response> =>
  fetch(`${simulator.origin}/v3/auth/tokens`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json;charset=utf8' },
    body: JSON.stringify(body),
  });

const tokenOf = async (): Promise<string> => (await login(loginBody())).headers.get('x-subject-token') ?? '';
const statusWith = async (token: string): Promise<number> =>
  (await simulator.fetchMessages(['TS1'], { headers: { 'X-Auth-Token': token } })).status;

describe('POST /v3/auth/tokens', () => {
  it('answers 201 with the token in a header and its end in the body', async () => {
    const response = await login(loginBody(user, { project: { name: 'eu-west-101' } }));
    expect(response.status).toBe(201);
    expect(response.headers.get('x-subject-token')?.length).toBeGreaterThan(1_000);
    expect(await response.json()).toMatchObject({
      token: {
        expires_at: '2026-01-16T12:00:00.250000Z',
        methods: ['password'],
        user: { name: 'demo', domain: { name: 'acme' } },
        project: { name: 'eu-west-101' },
      },
    });
  });

  it.each([
    ['no scope', undefined],
    ['a domain by name', { domain: { name: 'acme' } }],
    ['a domain by id', { domain: { id: 'd1' } }],
  ])('accepts %s', async (_what, scope) => {
    const response = await login(loginBody(user, scope));
    expect(await response.json()).toMatchObject({ token: { domain: { id: expect.any(String) } } });
  });

  it('refuses a wrong password', async () => {
    const response = await login(loginBody({ ...user, password: 'wrong' }));
    expect(response.status).toBe(401);
    expect(response.headers.has('x-subject-token')).toBe(false);
    expect(await response.json()).toMatchObject({ error: { code: 401, title: 'Unauthorized' } });
  });

  it.each([
    ['nothing', {}],
    ['no domain', loginBody({ name: 'demo', password: 'right' })],
    ['another method', { auth: { identity: { methods: ['totp'], password: { user } } } }],
    ['a misspelt field', loginBody({ ...user, pasword: 'x' })],
    ['a scope without a name', loginBody(user, { domain: {} })],
  ])('refuses a body with %s', async (_what, body) => {
    const response = await login(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 400, title: 'Bad Request' } });
  });

  it('can have faults, too', async () => {
    await simulator.control('POST', 'faults', { kind: 'status', status: 503, target: 'iam', times: 1 });
    expect((await login(loginBody())).status).toBe(503);
    expect((await login(loginBody())).status).toBe(201);
    expect(await simulator.control('GET', 'counters')).toMatchObject({ logins: 2, tokens_issued: 1 });
  });
});

describe('a token', () => {
  it('is valid for 24 hours', async () => {
    const token = await tokenOf();
    simulator.clock.advance(24 * HOUR_MS - 1);
    expect(await statusWith(token)).toBe(200);
    simulator.clock.advance(1);
    expect(await statusWith(token)).toBe(401);
  });

  it('is valid for as long as the quirk says', async () => {
    await simulator.control('PUT', 'quirks', { token_lifetime_s: 60 });
    const token = await tokenOf();
    simulator.clock.advance(60_000);
    expect(await statusWith(token)).toBe(401);
  });

  it('does not invalidate an older one', async () => {
    const [older, newer] = [await tokenOf(), await tokenOf()];
    expect(older).not.toBe(newer);
    expect([await statusWith(older), await statusWith(newer)]).toEqual([200, 200]);
  });

  it('may be the fixed one, and no other text', async () => {
    expect(await statusWith('fixed')).toBe(200);
    expect(await statusWith('guessed')).toBe(401);
    expect(await statusWith('')).toBe(401);
  });

  it('that is missing is refused with the error of the API gateway', async () => {
    const response = await simulator.fetchMessages(['TS1'], { headers: { 'X-Auth-Token': '' } });
    expect(await response.json()).toEqual({
      error_code: 'APIGW.0301',
      error_msg: 'Incorrect IAM authentication information: token not found',
      request_id: response.headers.get('x-request-id'),
    });
  });

  it('stays invalid after token_expired, and a new one is valid', async () => {
    const token = await tokenOf();
    await simulator.control('POST', 'faults', { kind: 'token_expired', times: 1 });
    expect([await statusWith(token), await statusWith(token)]).toEqual([401, 401]);
    expect(await statusWith(await tokenOf())).toBe(200);
  });
});
