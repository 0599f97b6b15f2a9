import { UpstreamFailure } from '#core';
import { RenewedToken, StaticToken, type IssuedToken } from './token-provider.js';

const HOUR_MS = 3_600_000;

/** A token provider whose logins the test answers one by one. */
function setup(random = () => 0) {
  let now = 1_000_000;
  const logins: { grant(token: string, lifetimeMs?: number): Promise<void>; fail(): Promise<void> }[] = [];
  const issue = () =>
    new Promise<IssuedToken>((resolve, reject) => {
      logins.push({
        grant: async (token, lifetimeMs = 24 * HOUR_MS) => resolve({ token, lifetimeMs }),
        fail: async () => reject(new UpstreamFailure('unavailable', 'IAM answered 503')),
      });
    });
  const source = new RenewedToken(issue, { now: () => now }, random);
  const first = async () => {
    const headers = source.headers();
    await logins[0]?.grant('one');
    return headers;
  };
  return { source, logins, first, pass: (ms: number) => (now += ms) };
}

const ONE = { 'x-auth-token': 'one' };
const TWO = { 'x-auth-token': 'two' };

const REFUSED = new UpstreamFailure('unauthorized', '401');

describe('token from the settings', () => {
  it('is sent as it is, and is not tried again after a refusal', () => {
    const source = new StaticToken('one');
    expect(source.headers()).toEqual(ONE);
    expect(source.settled()).toBe(false);
  });
});

describe('renewed token', () => {
  it('needs one login for all requests that wait, and then answers at once', async () => {
    const { source, logins } = setup();
    const waiting = Promise.all([1, 2, 3].map(async () => source.headers()));
    expect(logins).toHaveLength(1);
    await logins[0]?.grant('one');
    expect(await waiting).toEqual([ONE, ONE, ONE]);
    expect(source.headers()).toEqual(ONE);
    expect(logins).toHaveLength(1);
  });

  it('is renewed before its end, while the old one is used', async () => {
    const { source, logins, first, pass } = setup();
    await first();
    pass(0.79 * 24 * HOUR_MS);
    expect(source.headers()).toEqual(ONE);
    expect(logins).toHaveLength(1);
    pass(0.02 * 24 * HOUR_MS);
    expect([source.headers(), source.headers()]).toEqual([ONE, ONE]);
    expect(logins).toHaveLength(2);
    await logins[1]?.grant('two');
    await Promise.resolve();
    expect(await source.headers()).toEqual(TWO);
  });

  it('is used during an outage of IAM, with logins at growing intervals', async () => {
    const { source, logins, first, pass } = setup();
    await first();
    pass(0.81 * 24 * HOUR_MS);
    for (let attempt = 1; attempt <= 6; attempt += 1) {
      expect(source.headers()).toEqual(ONE);
      expect(logins).toHaveLength(attempt + 1);
      await logins[attempt]?.fail();
      await new Promise(setImmediate);
      expect(source.headers()).toEqual(ONE);
      expect(logins).toHaveLength(attempt + 1);
      pass(1000 * 2 ** (attempt - 1));
    }
  });

  it('is not available after its end while logins fail, and the error names no time for the next request', async () => {
    const { source, logins, first, pass } = setup();
    await first();
    pass(24 * HOUR_MS);
    const waiting = source.headers();
    await logins[1]?.fail();
    await expect(waiting).rejects.toMatchObject({ code: 'unavailable' });
    await expect(source.headers()).rejects.toMatchObject({ code: 'unavailable', retryAfterMs: undefined });
    expect(logins).toHaveLength(2);
    pass(1000);
    const again = source.headers();
    await logins[2]?.grant('two');
    expect(await again).toEqual(TWO);
  });

  it('logs in at the shortest interval again after a login that succeeded', async () => {
    const { source, logins, first, pass } = setup();
    await first();
    let attempt = 0;
    /** Lets the next login fail. */
    const failedLogin = async () => {
      const waiting = expect(source.headers()).rejects.toMatchObject({ code: 'unavailable' });
      await logins[(attempt += 1)]?.fail();
      await waiting;
    };
    /** Lets time pass until IAM would be asked again: half a second more makes it so, half a second less does not. */
    const expectWait = async (ms: number) => {
      pass(ms - 500);
      await expect(source.headers()).rejects.toMatchObject({ code: 'unavailable' });
      expect(logins).toHaveLength(attempt + 1);
      pass(500);
    };
    pass(24 * HOUR_MS);
    for (const ms of [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]) {
      await failedLogin();
      await expectWait(ms);
    }
    const served = source.headers();
    await logins[(attempt += 1)]?.grant('two');
    expect(await served).toEqual(TWO);
    pass(24 * HOUR_MS);
    await failedLogin();
    await expectWait(1000);
    const again = source.headers();
    await logins[(attempt += 1)]?.grant('three');
    expect(await again).toMatchObject({ 'x-auth-token': 'three' });
  });

  it.each([
    [0, 0.8, 1000],
    [0.999_999, 0.9, 500],
  ])('is renewed and tried again at moments of its own: random %d', async (random, share, backoffMs) => {
    const { source, logins, first, pass } = setup(() => random);
    await first();
    pass(share * 24 * HOUR_MS - 10_000);
    expect([source.headers(), logins.length]).toEqual([ONE, 1]);
    pass(20_000);
    expect([source.headers(), logins.length]).toEqual([ONE, 2]);
    await logins[1]?.fail();
    await new Promise(setImmediate);
    pass(backoffMs - 1);
    expect([source.headers(), logins.length]).toEqual([ONE, 2]);
    pass(2);
    expect([source.headers(), logins.length]).toEqual([ONE, 3]);
  });

  it('is renewed once after a 401, whatever the number of requests with the old one', async () => {
    const { source, logins, first } = setup();
    await first();
    expect([source.settled(ONE, REFUSED), source.settled(ONE, REFUSED)]).toEqual([true, true]);
    const waiting = Promise.all([1, 2].map(async () => source.headers()));
    expect(logins).toHaveLength(2);
    await logins[1]?.grant('two');
    expect(await waiting).toEqual([TWO, TWO]);
    expect(source.settled(ONE, REFUSED)).toBe(true);
    expect(source.headers()).toEqual(TWO);
    expect(logins).toHaveLength(2);
  });

  it('is kept if new ones are refused, too: otherwise every poll would cause a login', async () => {
    const { source, logins, first, pass } = setup();
    await first();
    source.settled(ONE, REFUSED);
    const second = source.headers();
    await logins[1]?.grant('two');
    await second;
    expect(source.settled(TWO, REFUSED)).toBe(false);
    expect(source.headers()).toEqual(TWO);
    pass(1000);
    expect(source.settled(TWO, REFUSED)).toBe(true);
  });
});
