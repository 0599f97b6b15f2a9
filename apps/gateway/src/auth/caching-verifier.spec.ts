import { Refusal } from '#protocol';
import { CachingVerifier } from './caching-verifier.js';
import { Rights } from './rights.js';
import { TokenVerifier } from './token-verifier.js';

class CountingVerifier extends TokenVerifier {
  asked = 0;
  recognized = 0;
  expiresAt = 1000;

  /** Tokens of carol are plainly good. */
  override recognize(token: string | undefined): Rights | null {
    this.recognized += 1;
    return token?.startsWith('carol') === true ? this.rightsOf(token) : null;
  }

  async verify(token: string | undefined): Promise<Rights> {
    this.asked += 1;
    if (!/^(alice|bob)/.test(token ?? '')) {
      throw new Refusal('unauthorized', 'the token is not valid here');
    }
    return this.rightsOf(token ?? '');
  }

  private rightsOf(subject: string): Rights {
    return new Rights(subject, this.expiresAt, { cases: [], groups: [], hints: false });
  }
}

describe('CachingVerifier', () => {
  let now = 0;
  let inner: CountingVerifier;
  let verifier: CachingVerifier;
  beforeEach(() => {
    now = 0;
    inner = new CountingVerifier();
    verifier = new CachingVerifier(inner, () => now);
  });

  it('asks once for each token', async () => {
    const subjects: (string | null)[] = [];
    for (const token of ['alice', 'bob', 'alice', 'bob']) {
      subjects.push((await verifier.verify(token)).subject);
    }
    expect(subjects).toEqual(['alice', 'bob', 'alice', 'bob']);
    expect(inner.asked).toBe(2);
  });

  it('asks again about a token that has expired', async () => {
    await verifier.verify('alice');
    now = 999;
    await verifier.verify('alice');
    expect(inner.asked).toBe(1);
    now = 1000;
    await verifier.verify('alice');
    expect(inner.asked).toBe(2);
  });

  it('caches no refusal', async () => {
    for (const token of ['mallory', undefined, 'mallory']) {
      await expect(verifier.verify(token)).rejects.toThrow('not valid');
    }
    expect(inner.asked).toBe(3);
  });

  it('caches as many tokens as fit, by their size, and the newest ones', async () => {
    verifier = new CachingVerifier(inner, () => now, 10_000);
    const tokens = Array.from({ length: 20 }, (_, at) => `alice${at}${'x'.repeat(1500)}`);
    for (const token of tokens) await verifier.verify(token);
    expect(verifier.cachedBytes).toBeLessThanOrEqual(10_000);
    inner.asked = 0;
    await verifier.verify(tokens.at(-1));
    expect(inner.asked).toBe(0);
    await verifier.verify(tokens[0]);
    expect(inner.asked).toBe(1);
    await verifier.verify(`alice${'x'.repeat(20_000)}`); // Larger than all of it: not cached.
    expect(verifier.cachedBytes).toBe(0);
  });

  it('caches what was recognized at once, as long as what was verified', async () => {
    expect(verifier.recognize('carol')?.subject).toBe('carol');
    expect(verifier.recognize('carol')?.subject).toBe('carol');
    expect((await verifier.verify('carol')).subject).toBe('carol');
    expect([inner.recognized, inner.asked]).toEqual([1, 0]);
    expect([verifier.recognize('alice'), verifier.recognize(undefined)]).toEqual([null, null]);
    await verifier.verify('alice');
    expect(verifier.recognize('alice')?.subject).toBe('alice');
    now = 1000;
    expect(verifier.recognize('alice')).toBeNull();
  });

  it('counts a token once that is verified several times at once, or again after it expired', async () => {
    await verifier.verify('alice');
    const one = verifier.cachedBytes;
    await Promise.all([verifier.verify('alice2'), verifier.verify('alice2')]);
    const two = verifier.cachedBytes;
    expect(two).toBe(2 * one + 1);
    now = 1000; // Both have expired, and are removed a minute after the last look.
    inner.expiresAt = 2000;
    await Promise.all([verifier.verify('alice'), verifier.verify('alice2')]);
    expect(verifier.cachedBytes).toBe(two);
  });

  it('forgets expired tokens with the next token, whichever it is', async () => {
    for (let at = 0; at < 100; at += 1) await verifier.verify(`alice${at}`);
    inner.expiresAt = 1_000_000;
    now = 60_000;
    await verifier.verify('bob');
    const one = verifier.cachedBytes;
    expect(one).toBeLessThan(1000);
    now = 120_000;
    await verifier.verify('bob');
    expect(verifier.cachedBytes).toBe(one);
  });
});
