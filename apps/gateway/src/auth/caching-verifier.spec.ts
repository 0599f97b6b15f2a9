import { Refusal } from '#protocol';
import { CachingVerifier } from './caching-verifier.js';
import { Rights } from './rights.js';
import { TokenVerifier } from './token-verifier.js';

class CountingVerifier extends TokenVerifier {
  asked = 0;
  expiresAt = 1000;

  async verify(token: string | undefined): Promise<Rights> {
    this.asked += 1;
    if (token !== 'alice' && token !== 'bob') {
      throw new Refusal('unauthorized', 'the token is not valid here');
    }
    return new Rights(token, this.expiresAt, { cases: [], groups: [], hints: false });
  }
}

describe('RememberingVerifier', () => {
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

  it('remembers no refusal', async () => {
    for (const token of ['mallory', undefined, 'mallory']) {
      await expect(verifier.verify(token)).rejects.toThrow('not valid');
    }
    expect(inner.asked).toBe(3);
  });
});
