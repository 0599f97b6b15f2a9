import { exportJWK, generateKeyPair, type JSONWebKeySet, type JWSHeaderParameters } from 'jose';
import { PublishedKeys } from './published-keys.js';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const NO_TOKEN = { payload: '', signature: '' };

async function keySet(...kids: string[]): Promise<JSONWebKeySet> {
  const { publicKey } = await generateKeyPair('ES256');
  const jwk = await exportJWK(publicKey);
  return { keys: kids.map((kid) => ({ ...jwk, kid, alg: 'ES256' })) };
}

describe('published keys', () => {
  let now: number;
  let fetches: number;
  let answer: () => Promise<JSONWebKeySet>;
  let failures: { readonly isNew: boolean }[];
  let keys: PublishedKeys;
  const named = (kid: string): JWSHeaderParameters => ({ alg: 'ES256', kid });
  const find = (kid: string) => keys.find(named(kid), NO_TOKEN);

  beforeEach(async () => {
    [now, fetches, failures] = [0, 0, []];
    const first = await keySet('one');
    answer = async () => first;
    keys = new PublishedKeys({
      fetchKeys: () => {
        fetches += 1;
        return answer();
      },
      onFetched: (failure) => failure && failures.push(failure),
      now: () => now,
    });
  });

  it('are fetched once for all tokens that wait, and again after ten minutes, without a wait', async () => {
    await Promise.all([find('one'), find('one'), find('one')]);
    now += 10 * MINUTE_MS - 1;
    await find('one');
    expect(fetches).toBe(1);
    now += 1;
    answer = () => new Promise(() => undefined);
    await find('one');
    expect(fetches).toBe(2);
  });

  it('are fetched again for a key that is new, within seconds of its first token', async () => {
    await find('one');
    const rotated = await keySet('one', 'two');
    answer = async () => rotated;
    // The key may have been published a moment ago. So the refusal says "try again", not "unauthorized".
    now += 1500;
    await expect(find('two')).rejects.toMatchObject({ name: 'KeyNotKnownYet', retryMs: 3500 });
    now += 3500;
    await expect(find('two')).resolves.toBeDefined();
    expect(fetches).toBe(2);
    now += 5000;
    await expect(find('three')).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
  });

  it('are not fetched more often than every five seconds for invented key ids', async () => {
    for (let second = 0; second < 60; second += 1) {
      await Promise.all([find(`made-up-${second}`), find('another')].map((found) => expect(found).rejects.toThrow()));
      now += 1000;
    }
    expect(fetches).toBeLessThanOrEqual(13);
    await expect(find('one')).resolves.toBeDefined();
  });

  it('are kept for a day while they cannot be fetched; the failure is logged once and counted each time', async () => {
    await find('one');
    answer = () => Promise.reject(new Error('away'));
    for (let hour = 1; hour < 24; hour += 1) {
      now = hour * 60 * MINUTE_MS;
      await expect(find('one')).resolves.toBeDefined();
    }
    expect(failures.length).toBeGreaterThan(20);
    expect(failures.map(({ isNew }) => isNew).indexOf(true, 1)).toBe(-1);
    expect(keys.ageMs).toBe(now);
    now = DAY_MS;
    await expect(find('one')).rejects.toThrow('away');
  });

  it('that cannot be fetched are asked for every five seconds, whatever the number of tokens', async () => {
    const right = answer;
    answer = () => Promise.reject(new Error('away'));
    for (let second = 0; second < 20; second += 1) {
      await expect(find('one')).rejects.toThrow('away');
      now += 1000;
    }
    expect(fetches).toBe(4);
    answer = right;
    now += 5000;
    await expect(find('one')).resolves.toBeDefined();
  });

  it('are not fetched again for an unknown key id where they were fetched for this token', async () => {
    answer = async () => {
      now += 6000; // The fetch takes longer than the time between two fetches.
      return keySet('one');
    };
    await expect(find('unknown')).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
    expect(fetches).toBe(1);
    // Their age counts from the request: what was withdrawn meanwhile is not accepted any longer for that.
    expect(keys.ageMs).toBe(6000);
  });

  it('tell of a failure as new each time that one follows a success', async () => {
    const right = answer;
    const isNew: boolean[] = [];
    for (const isAway of [true, true, false, true]) {
      answer = isAway ? () => Promise.reject(new Error('away')) : right;
      await (isAway ? expect(keys.renew()).rejects.toThrow('away') : keys.renew());
      isNew.push(...failures.splice(0).map((failure) => failure.isNew));
      now += 5000;
    }
    expect(isNew).toEqual([true, false, true]);
  });

  it('are not accepted if they are no key set', async () => {
    answer = async () => ({ keys: 'none' }) as never;
    await expect(find('one')).rejects.toMatchObject({ code: 'ERR_JWKS_INVALID' });
  });
});
