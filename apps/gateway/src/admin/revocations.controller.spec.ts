import { until } from '../../../../test/harness/until.js';
import { MemoryConnectionCounts } from '../../test/memory-connection-counts.js';
import { MemoryRevocations } from '../../test/memory-revocations.js';
import { record } from '../../test/recording.js';
import { RunningGateway, token } from '../../test/running-gateway.js';
import { heldBack } from '../../test/session-fixture.js';
import { TestStore } from '../../test/test-store.js';

const SECRET = 'an-admin-token-of-32-characters!';
const EVENTS = '/v1/events?case_ids=A1&case_ids=A2';

describe('/admin/revocations', () => {
  let shared: MemoryRevocations;
  let gateways: RunningGateway[] = [];
  beforeEach(() => void (shared = new MemoryRevocations()));
  afterEach(async () => {
    jest.restoreAllMocks();
    await Promise.all(gateways.map((gateway) => gateway.stop()));
    gateways = [];
  });

  async function start(env: Record<string, string> = { ADMIN_TOKEN: `ops:${SECRET}` }): Promise<RunningGateway> {
    const store = new TestStore(new MemoryConnectionCounts().gateway(), shared);
    const gateway = await RunningGateway.start({ DRAIN_MS: '0', ...env }, store);
    gateways.push(gateway);
    return gateway;
  }
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- parsed JSON: a wrong guess fails its test
  type Answer = { status: number; type: string | null; body: any };
  async function ask(
    { url }: RunningGateway,
    method: string,
    path = '',
    body?: unknown,
    headers: Record<string, string> = { authorization: `Bearer ${SECRET}` },
  ): Promise<Answer> {
    const response = await fetch(`${url}/admin/revocations${path}`, {
      method,
      headers: { ...headers, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      body: text === '' ? null : (JSON.parse(text) as unknown),
    };
  }
  /** Tokens are issued by the clock of the machine. Each revocation has a time of its own. */
  const revoke = (gateway: RunningGateway, body: unknown) => {
    const { clock } = gateway.store;
    clock.advance(Math.max(1, Date.now() - clock.now()));
    return ask(gateway, 'POST', '', body);
  };
  const status = async (gateway: RunningGateway, given: string, path = '/v1/cases/A1/messages') =>
    (await gateway.read(path, { authorization: `Bearer ${given}` })).response.statusCode;

  it('A10 E9 E10: ends the streams of a subject at every gateway, and its token is refused from then on', async () => {
    const [here, there] = [await start(), await start({})];
    const stream = await there.read(EVENTS);
    const socket = await there.connect({ token: await token() });
    const heard = record(socket);
    await socket.emitWithAck('subscribe', { case_ids: ['A1'] });
    const others = await there.read(EVENTS, { authorization: `Bearer ${await token({ sub: 'bob' })}` });
    await until(() => stream.has('ready') && others.has('ready'));
    const old = await token();
    expect(await revoke(here, { sub: 'alice' })).toMatchObject({ status: 201, body: { sub: 'alice', by: 'ops' } });
    await until(() => stream.ended && !socket.connected);
    await there.store.publish('A1', 'secret');
    await until(() => others.contents().length === 1);
    const revoked = { event: 'revoked', data: { case_ids: ['A1', 'A2'], reason: 'rights' } };
    const closing = { event: 'closing', data: { reason: 'token_revoked' } };
    expect(stream.events.slice(-2)).toMatchObject([revoked, closing]);
    expect(stream.contents()).toEqual([]);
    expect(heard.slice(-2)).toMatchObject([
      ['revoked', { case_ids: ['A1'], reason: 'rights' }],
      ['closing', { reason: 'token_revoked' }],
    ]);
    expect([await status(here, old), await status(there, old, EVENTS)]).toEqual([401, 401]);
    await expect(there.connect({ token: old })).rejects.toMatchObject({ data: { code: 'unauthorized' } });
    const later = await token({ iat: Math.floor(Date.now() / 1000) + 2 });
    expect(await status(there, later)).toBe(200);
  });

  it('A10: a cached token is refused, too', async () => {
    const here = await start();
    const cached = await token({ jti: 'lost-phone' });
    expect(await status(here, cached)).toBe(200);
    await revoke(here, { jti: 'lost-phone' });
    expect([await status(here, cached), await status(here, await token())]).toEqual([401, 200]);
  });

  it('A10: with tickets ends the right to them, and the connection goes on', async () => {
    const here = await start();
    const stream = await here.read(EVENTS);
    await until(() => stream.has('ready'));
    const given = await token();
    const { body } = await revoke(here, { sub: 'alice', case_ids: ['A1'] });
    await until(() => stream.has('revoked'));
    await here.store.publish('A1', 'secret');
    await here.store.publish('A2', 'news');
    await until(() => stream.contents().length === 1);
    expect(stream.contents()).toEqual(['news']);
    expect([await status(here, given), await status(here, given, '/v1/cases/A2/messages')]).toEqual([403, 200]);
    expect((await ask(here, 'DELETE', `/${body.id}`)).status).toBe(204);
    expect(await status(here, given)).toBe(200);
  });

  it('A10: a token that is renewed with a revoked one keeps its old rights', async () => {
    const here = await start();
    const socket = await here.connect({ token: await token() });
    await revoke(here, { jti: 'bad' });
    const answer = await socket.emitWithAck('authenticate', { token: await token({ jti: 'bad' }) });
    expect(answer).toMatchObject({ ok: false, error: { code: 'unauthorized' } });
    expect(await socket.emitWithAck('subscribe', { case_ids: ['A1'] })).toMatchObject({ ok: true });
  });

  it('A10: a subscribe that is under way gets nothing of a ticket that is revoked meanwhile', async () => {
    const here = await start();
    await here.store.publish('A1', 'secret');
    await here.store.publish('A2', 'news');
    const socket = await here.connect({ token: await token() });
    const heard = record(socket);
    const held = heldBack(here.store);
    const both = socket.emitWithAck('subscribe', { case_ids: ['A1', 'A2'] });
    await until(() => held.length === 1);
    await revoke(here, { sub: 'alice', case_ids: ['A1'] });
    held[0]?.go();
    expect(await both).toMatchObject({ ok: false, error: { code: 'forbidden', case_ids: ['A1'] } });
    const other = socket.emitWithAck('subscribe', { case_ids: ['A2'] });
    await until(() => held.length === 2);
    await revoke(here, { sub: 'alice', case_ids: ['A3'] });
    held[1]?.go();
    await until(() => held.length === 3);
    held[2]?.go();
    expect(await other).toMatchObject({ ok: true, replayed: 1 });
    expect(JSON.stringify(heard)).not.toContain('secret');
  });

  it('A10: outlives a restart of the gateways', async () => {
    await revoke(await start(), { sub: 'alice' });
    expect(await status(await start(), await token({ iat: 1 }))).toBe(401);
  });

  it('A10: a gateway takes no token before it has read them', async () => {
    await revoke(await start(), { sub: 'alice' });
    let goOn = (): void => undefined;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    const stamp = shared.stamp.bind(shared);
    jest.spyOn(shared, 'stamp').mockImplementation(() => held.then(stamp));
    let answered: number | undefined;
    const asked = status(await start(), await token({ iat: 1 })).then((code) => (answered = code));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(answered).toBeUndefined();
    goOn();
    expect(await asked).toBe(401);
  });

  it('is listed page by page, and lifted at every gateway', async () => {
    const [here, there] = [await start(), await start()];
    for (const sub of ['a', 'b', 'c']) {
      await revoke(here, { sub });
    }
    const first = await ask(there, 'GET', '?limit=2');
    expect(first.body.revocations.map(({ sub }: { sub: string }) => sub)).toEqual(['a', 'b']);
    const second = await ask(there, 'GET', `?limit=2&after=${first.body.next}`);
    expect(second.body).toMatchObject({ revocations: [{ sub: 'c', by: 'ops' }], next: null });
    const [{ id, revoked_at, until: ends }] = second.body.revocations;
    expect(Date.parse(ends) - Date.parse(revoked_at)).toBe(2_592_000_000);
    expect((await ask(there, 'DELETE', `/${id}`)).status).toBe(204);
    expect((await ask(here, 'DELETE', `/${id}`)).status).toBe(404);
    expect((await ask(here, 'GET')).body.revocations).toHaveLength(2);
  });

  it('says so where the store does not answer, and then nothing takes effect', async () => {
    const here = await start();
    const given = await token();
    jest.spyOn(shared, 'write').mockRejectedValue(new Error('out of reach'));
    const { status: refused, type, body } = await revoke(here, { sub: 'alice' });
    expect([refused, type, body.code]).toEqual([503, 'application/problem+json; charset=utf-8', 'unavailable']);
    expect(body.detail).toContain('did not take effect');
    expect(await status(here, given)).toBe(200);
    jest.spyOn(shared, 'stamp').mockRejectedValue(new Error('out of reach'));
    expect((await ask(here, 'GET')).status).toBe(503);
  });

  it('is refused beyond the number that there may be', async () => {
    const here = await start();
    jest.spyOn(shared, 'write').mockResolvedValue(false);
    const { status: refused, body } = await revoke(here, { sub: 'alice' });
    expect([refused, body.code]).toEqual([400, 'too_many']);
  });

  it.each([
    ['nothing', {}, 'names none of them'],
    ['null', { sub: null, case_ids: ['A1'] }, 'sub must be'],
    ['a mistyped member', { sub: 'alice', case_id: ['A1'] }, 'other members than'],
    ['no ticket', { sub: 'alice', case_ids: [] }, 'at least one'],
    ['too many tickets', { case_ids: Array.from({ length: 101 }, (_, at) => `A${at}`) }, 'at most 100'],
    ['a list of subjects', { sub: ['alice'] }, 'sub must be'],
    ['a list', [], 'must be an object'],
  ])('is refused where it names %s', async (_what, body, words) => {
    const { status: refused, body: problem } = await revoke(await start(), body);
    expect([refused, problem.code]).toEqual([400, 'invalid']);
    expect(problem.detail).toContain(words);
  });

  it('is not served while ADMIN_TOKEN is unset: it looks like any unknown path', async () => {
    const here = await start({});
    const unknown = await fetch(`${here.url}/nothing`);
    expect(await ask(here, 'GET')).toEqual({
      status: 404,
      type: unknown.headers.get('content-type'),
      body: await unknown.json(),
    });
    expect((await revoke(here, { sub: 'alice' })).status).toBe(404);
  });

  it.each([
    ['no secret', {}],
    ['a wrong secret', { authorization: `Bearer ${SECRET}x` }],
    ['an empty secret', { authorization: 'Bearer ' }],
    ['the name with the secret', { authorization: `Bearer ops:${SECRET}` }],
    ['a client token', {}],
  ])('is refused with %s', async (what, headers: Record<string, string>) => {
    const here = await start();
    const sent = what === 'a client token' ? { authorization: `Bearer ${await token()}` } : headers;
    const { status: refused, body } = await ask(here, 'GET', '', undefined, sent);
    expect([refused, body.code]).toEqual([401, 'unauthorized']);
  });

  it('names what is there, also where something else is asked for', async () => {
    const here = await start();
    const get = async (path: string, method = 'GET') => {
      const response = await fetch(here.url + path, { method, headers: { authorization: `Bearer ${SECRET}` } });
      return { status: response.status, body: (await response.json()) as { endpoints?: string[]; detail?: string } };
    };
    expect((await get('/admin')).body.endpoints).toContain('POST /admin/revocations');
    for (const path of ['/admin/nothing', '/admin/cases/a/b/c']) {
      const { status: refused, body } = await get(path);
      expect([refused, body.detail]).toEqual([404, 'nothing is served here: GET /admin names what is there']);
    }
    const [put, post] = [await get('/admin/revocations', 'PUT'), await get('/admin', 'POST')];
    expect([put.status, put.body.detail, post.status]).toEqual([405, 'served here: GET, POST', 405]);
  });

  it.each(['/ADMIN/revocations', '/admin/revocations/', '/admin//revocations', '/%61dmin/revocations'])(
    'is served without its secret at no spelling: %s',
    async (path) => {
      const { url } = await start();
      expect([401, 404]).toContain((await fetch(url + path)).status);
    },
  );
});
