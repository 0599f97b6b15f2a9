import { RunningSimulator, PATH } from '../../test/running-simulator.js';
import { signatureOf, type ValueOrder } from './signature.js';

const ACCESS_KEY = 'QTWAOYTTINDUT2QVKYUC';
const SECRET_KEY = 'secret';
const URL_PATH = `${PATH}?case_ids=a&case_ids=b`;
const MINUTE_MS = 60_000;

let simulator: RunningSimulator;
beforeEach(async () => {
  simulator = await RunningSimulator.start({ SIMULATOR_ACCESS_KEY: ACCESS_KEY, SIMULATOR_SECRET_KEY: SECRET_KEY });
});
afterEach(() => simulator.close());

interface SignOptions {
  readonly accessKey?: string;
  readonly secretKey?: string;
  readonly aheadMs?: number;
  readonly signed?: readonly string[];
  readonly url?: string;
  readonly order?: ValueOrder;
  /** Signed headers besides host and date, in lower case. */
  readonly further?: Readonly<Record<string, string>>;
}

function signedHeaders(options: SignOptions = {}): Record<string, string> {
  const { accessKey = ACCESS_KEY, secretKey = SECRET_KEY, aheadMs = 0, further = {}, url = URL_PATH } = options;
  const signed = options.signed ?? [...Object.keys(further), 'host', 'x-sdk-date'].sort();
  const date = new Date(simulator.clock.now() + aheadMs).toISOString().replace(/[-:]|\.\d+/g, '');
  const headers = { host: new URL(simulator.origin).host, 'x-sdk-date': date, ...further };
  const signature = signatureOf({ method: 'GET', url, headers }, signed, secretKey, options.order);
  const authorization = `SDK-HMAC-SHA256 Access=${accessKey}, SignedHeaders=${signed.join(';')}, Signature=${signature}`;
  return { 'X-Sdk-Date': date, Authorization: authorization, ...further };
}

const ask = (headers: Record<string, string>, url = URL_PATH): Promise<Response> =>
  fetch(`${simulator.origin}${url}`, { headers });

describe('a signed request', () => {
  it('needs no token', async () => {
    expect((await ask(signedHeaders())).status).toBe(200);
  });

  it.each<[string, SignOptions, string]>([
    ['another secret key', { secretKey: 'wrong' }, 'verify aksk signature fail'],
    ['an unknown access key', { accessKey: 'NOBODY' }, 'ak not exist'],
    ['a clock that is 16 minutes slow', { aheadMs: -16 * MINUTE_MS }, 'signature expired'],
    ['a clock that is 16 minutes fast', { aheadMs: 16 * MINUTE_MS }, 'signature expired'],
    ['an unsigned date', { signed: ['host'] }, 'x-sdk-date is not signed'],
  ])('is refused with %s', async (_what, options, message) => {
    const response = await ask(signedHeaders(options));
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({
      error_code: 'APIGW.0301',
      error_msg: expect.stringContaining(message),
      request_id: response.headers.get('x-request-id'),
    });
  });

  it.each<ValueOrder>(['sorted', 'as_sent'])('is accepted with sorted ids, its values signed %s', async (order) => {
    const url = `${PATH}?case_ids=a&case_ids=b&group_id=g`;
    expect((await ask(signedHeaders({ url, order }), url)).status).toBe(200);
  });

  it.each<ValueOrder>(['sorted', 'as_sent'])('is refused with ids in another order, signed %s', async (order) => {
    const url = `${PATH}?case_ids=b&case_ids=a`;
    expect((await ask(signedHeaders({ url, order }), url)).status).toBe(401);
  });

  it('is refused with a header of the key that is not signed', async () => {
    const further = { 'x-domain-id': 'd1' };
    expect((await ask(signedHeaders({ further }))).status).toBe(200);
    expect((await ask({ ...signedHeaders(), ...further })).status).toBe(401);
  });

  it('is refused when its header cannot be read', async () => {
    const response = await ask({ ...signedHeaders(), Authorization: 'SDK-HMAC-SHA256 Access=x' });
    expect(response.status).toBe(401);
  });

  it('is refused for five minutes after six consecutive failures, even if it is right', async () => {
    for (let failures = 0; failures < 6; failures += 1) await ask(signedHeaders({ secretKey: 'wrong' }));
    expect(await (await ask(signedHeaders())).json()).toMatchObject({
      error_msg: expect.stringContaining('AK access failed to reach the limit'),
    });
    simulator.clock.advance(5 * MINUTE_MS);
    expect((await ask(signedHeaders())).status).toBe(200);
  });

  it('resets the count of failures if it is right', async () => {
    for (let round = 0; round < 2; round += 1) {
      for (let failures = 0; failures < 5; failures += 1) await ask(signedHeaders({ secretKey: 'wrong' }));
      expect((await ask(signedHeaders())).status).toBe(200);
    }
  });
});

describe('a request signed with a temporary key for an account', () => {
  const KEY = { 'x-security-token': 'st', 'x-domain-id': 'd1', 'x-project-id': 'p1' };
  beforeEach(async () => {
    await simulator.close();
    simulator = await RunningSimulator.start({
      SIMULATOR_ACCESS_KEY: ACCESS_KEY,
      SIMULATOR_SECRET_KEY: SECRET_KEY,
      SIMULATOR_SECURITY_TOKEN: 'st',
      SIMULATOR_DOMAIN_ID: 'd1',
      SIMULATOR_PROJECT_ID: 'p1',
    });
  });

  it('is accepted with all of its headers', async () => {
    expect((await ask(signedHeaders({ further: KEY }))).status).toBe(200);
  });

  it.each(Object.keys(KEY))('is refused without %s, or with another one', async (name) => {
    const others = Object.fromEntries(Object.entries(KEY).filter(([each]) => each !== name));
    expect((await ask(signedHeaders({ further: others }))).status).toBe(401);
    expect((await ask(signedHeaders({ further: { ...KEY, [name]: 'other' } }))).status).toBe(401);
  });
});
