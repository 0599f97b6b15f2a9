import { base64url, exportJWK, generateKeyPair, SignJWT, type JWTPayload, type KeyLike } from 'jose';
import { JWT_SECRET as SECRET, JWT_SETTINGS as settings } from '../../test/jwt-settings.js';
import { JwtVerifier, publicKeys, secretKeys } from './jwt-verifier.js';
import { PublishedKeys } from './published-keys.js';

const sign = (payload: JWTPayload, alg = 'HS256', key: KeyLike | Uint8Array = Buffer.from(SECRET)) =>
  new SignJWT({ exp: Math.floor(Date.now() / 1000) + 3600, ...payload }).setProtectedHeader({ alg }).sign(key);

describe('what JwtVerifier takes at its bounds', () => {
  const verifier = new JwtVerifier(secretKeys(SECRET), settings);

  it('reads no token that is longer than 16,384 characters, also a good one', async () => {
    const ofLength = async (note: number) => sign({ sub: 'alice', note: 'x'.repeat(note) });
    const rest = (await ofLength(0)).length;
    const [longest, longer] = [
      await ofLength(((16_384 - rest) * 3) / 4 - 2),
      await ofLength(((16_400 - rest) * 3) / 4),
    ];
    expect([longest.length <= 16_384, longest.length > 16_300, longer.length > 16_384]).toEqual([true, true, true]);
    expect(verifier.recognize(longest)?.subject).toBe('alice');
    expect(verifier.recognize(longer)).toBeNull();
    await expect(verifier.verify(longer)).rejects.toThrow('longer than 16384 characters');
  });

  it('takes no token from the second of its exp on, and says when it was issued, in ms', async () => {
    const nowS = Math.floor(Date.now() / 1000);
    const clock = jest.spyOn(Date, 'now').mockReturnValue(nowS * 1000 + 999);
    try {
      const [over, last] = [await sign({ sub: 'alice', exp: nowS }), await sign({ sub: 'alice', exp: nowS + 1 })];
      expect(() => verifier.recognize(over)).toThrow('the token has expired');
      expect(verifier.recognize(last)).toMatchObject({ expiresAt: (nowS + 1) * 1000, issuedAt: null, tokenId: null });
    } finally {
      clock.mockRestore();
    }
    const rights = await verifier.verify(await sign({ sub: 'alice', iat: nowS - 5, jti: 't1' }));
    expect([rights.issuedAt, rights.tokenId]).toEqual([(nowS - 5) * 1000, 't1']);
  });

  it('answers unavailable where what is published is no key set', async () => {
    const fetchKeys = async () => ({ keys: 'none' }) as never;
    const none = new JwtVerifier(publicKeys(new PublishedKeys({ fetchKeys, onFetched: () => undefined })), settings);
    const { privateKey } = await generateKeyPair('ES256');
    const token = await sign({ sub: 'alice' }, 'ES256', privateKey);
    await expect(none.verify(token)).rejects.toMatchObject({ code: 'unavailable', details: { retryMs: 2000 } });
  });

  it('tries the next key where one cannot be used for a token that names none', async () => {
    const [right, other] = [await generateKeyPair('RS256'), await generateKeyPair('RS256')];
    const good = await exportJWK(right.publicKey);
    const short = { ...(await exportJWK(other.publicKey)), n: base64url.encode(Buffer.alloc(64, 0xc1)) }; // 512 bits.
    const source = new PublishedKeys({ fetchKeys: async () => ({ keys: [short, good] }), onFetched: () => undefined });
    const many = new JwtVerifier(publicKeys(source), settings);
    expect((await many.verify(await sign({ sub: 'alice' }, 'RS256', right.privateKey))).subject).toBe('alice');
  });
});
