import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { base64url, exportJWK, exportSPKI, generateKeyPair, SignJWT, type JWTPayload, type KeyLike } from 'jose';
import { KeySetUrl } from './key-set-url.js';
import { JWT_SECRET as SECRET, JWT_SETTINGS as settings } from '../../test/jwt-settings.js';
import { JwtVerifier, publicKeys, secretKeys, type JwtSettings } from './jwt-verifier.js';
import { PublishedKeys } from './published-keys.js';

const claims = { sub: 'alice', cases: ['A1', 'B*'], groups: ['g'] };

function sign(payload: JWTPayload, alg = 'HS256', key: KeyLike | Uint8Array = Buffer.from(SECRET), exp = '1h') {
  return new SignJWT(payload).setProtectedHeader({ alg, kid: alg }).setExpirationTime(exp).sign(key);
}

/** A token with this `exp`, of any type. */
const signExp = (exp: unknown) =>
  new SignJWT({ ...claims, exp: exp as never }).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(SECRET));

const refused = { name: 'Refusal', code: 'unauthorized' };

describe('JwtVerifier with a secret', () => {
  const verifier = new JwtVerifier(secretKeys(SECRET), settings);

  it('reads subject, end and rights', async () => {
    const rights = await verifier.verify(await sign(claims));
    expect(rights.subject).toBe('alice');
    expect(rights.expiresAt).toBeGreaterThan(Date.now() + 3_590_000);
    expect(['A1', 'A11', 'B', 'B2', 'C'].filter((caseId) => rights.mayRead(caseId))).toEqual(['A1', 'B', 'B2']);
    expect([undefined, 'g', 'h'].filter((group) => rights.mayUseGroup(group))).toEqual([undefined, 'g']);
  });

  it('recognizes a good token at once, and leaves every other one to be verified', async () => {
    expect(verifier.recognize(await sign(claims))?.subject).toBe('alice');
    const others = [undefined, '', 'x', 'x'.repeat(20_000), await sign(claims, 'HS256', Buffer.from('y'.repeat(32)))];
    expect(others.map((token) => verifier.recognize(token))).toEqual(others.map(() => null));
  });

  it('accepts a token of a clock that is somewhat ahead, and does not extend any token by that', async () => {
    const ahead = Math.floor(Date.now() / 1000) + 20;
    expect((await verifier.verify(await sign({ ...claims, nbf: ahead, iat: ahead }))).subject).toBe('alice');
    const strict = new JwtVerifier(secretKeys(SECRET), { ...settings, authClockToleranceS: 0 });
    await expect(strict.verify(await sign({ ...claims, nbf: ahead }))).rejects.toMatchObject(refused);
    await expect(verifier.verify(await sign(claims, 'HS256', Buffer.from(SECRET), '-1s'))).rejects.toMatchObject({
      ...refused,
      message: 'the token has expired',
    });
  });

  it('gives no right that is not claimed', async () => {
    const rights = await verifier.verify(await sign({ sub: 'bob' }));
    expect(rights.mayRead('A1')).toBe(false);
    expect(rights.mayUseGroup('g')).toBe(false);
    expect(rights.mayUseGroup(undefined)).toBe(true);
  });

  it('reads a star as all tickets', async () => {
    const rights = await verifier.verify(await sign({ sub: 'root', cases: ['*'], groups: ['*'] }));
    expect(rights.mayRead('anything')).toBe(true);
    expect(rights.mayUseGroup('any')).toBe(true);
  });

  it('reads many tickets and groups', async () => {
    const cases = Array.from({ length: 40 }, (_, index) => `A${index}`);
    const rights = await verifier.verify(await sign({ sub: 'carol', cases, groups: [...cases, 'g'] }));
    expect(cases.filter((caseId) => !rights.mayRead(caseId) || !rights.mayUseGroup(caseId))).toEqual([]);
    expect(rights.mayRead('A40')).toBe(false);
  });

  // Only `true` allows hints. A backend that writes "false" means no.
  it.each<[unknown]>([[undefined], [null], [false], ['false'], ['true'], [0], [1], [[]], [[true]], [{}]])(
    'allows no hints where the claim is %j',
    async (hints) => {
      const rights = await verifier.verify(await sign({ ...claims, hints }));
      expect(() => rights.requireHints()).toThrow('does not allow hints');
    },
  );

  it('allows hints if the claim is true', async () => {
    const rights = await verifier.verify(await sign({ ...claims, hints: true }));
    expect(() => rights.requireHints()).not.toThrow();
  });

  it.each<[string, () => Promise<string> | string | undefined]>([
    ['no token', () => undefined],
    ['an empty token', () => ''],
    ['no JWT', () => 'x.y.z'],
    ['a very long token', () => 'x'.repeat(20_000)],
    ['another secret', () => sign(claims, 'HS256', Buffer.from('another secret'))],
    ['another HMAC', () => sign(claims, 'HS512')],
    ['an expired token', () => sign(claims, 'HS256', Buffer.from(SECRET), '-1s')],
    ['a token that begins in a minute', () => sign({ ...claims, nbf: Math.floor(Date.now() / 1000) + 60 })],
    ['no exp', () => new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(SECRET))],
    ['no sub', () => sign({ cases: ['*'] })],
    ['an empty sub', () => sign({ sub: '' })],
    ['cases that are a text', () => sign({ sub: 'a', cases: '*' })],
    ['a case that is a number', () => sign({ sub: 'a', cases: [1] })],
    ['cases that are null', () => sign({ sub: 'a', cases: null })],
    ['cases that are an object', () => sign({ sub: 'a', cases: { '*': true } })],
    ['a case that is a list', () => sign({ sub: 'a', cases: ['A1', ['*']] })],
    ['groups that are an object', () => sign({ sub: 'a', groups: {} })],
    ['groups that are a text', () => sign({ sub: 'a', groups: '*' })],
    ['a group that is null', () => sign({ sub: 'a', groups: ['g', null] })],
    ['a sub that is a number', () => sign({ ...claims, sub: 7 as never })],
    ['an exp that is a text', () => signExp('9999999999')],
    ['an exp that is null', () => signExp(null)],
    [
      'alg none',
      async () => {
        const body = (await sign(claims)).split('.')[1] ?? '';
        return `${base64url.encode(JSON.stringify({ alg: 'none' }))}.${body}.`;
      },
    ],
  ])('refuses %s', async (_, token) => {
    await expect(verifier.verify(await token())).rejects.toMatchObject(refused);
  });

  it('checks issuer and audience if they are set', async () => {
    const strict = new JwtVerifier(secretKeys(SECRET), {
      ...settings,
      authJwtIssuer: 'us',
      authJwtAudience: 'pollcast',
    });
    await expect(strict.verify(await sign({ ...claims, iss: 'us', aud: 'pollcast' }))).resolves.toBeDefined();
    await expect(strict.verify(await sign({ ...claims, iss: 'them', aud: 'pollcast' }))).rejects.toMatchObject(refused);
    await expect(strict.verify(await sign({ ...claims, iss: 'us', aud: 'other' }))).rejects.toMatchObject(refused);
    await expect(strict.verify(await sign(claims))).rejects.toMatchObject(refused);
  });
});

describe('JwtVerifier with tokens of OAuth', () => {
  const oauth: JwtSettings = {
    ...settings,
    authJwtAudience: 'pollcast',
    authJwtTyp: 'at+jwt',
    authCasesClaim: 'https://example.com/cases',
    authScopePrefix: 'pollcast:',
    authDetailsType: 'https://example.com/tickets',
  };
  const verifier = new JwtVerifier(secretKeys(SECRET), oauth);
  const signTyp = (typ: string | undefined, payload: JWTPayload) =>
    new SignJWT({ sub: 'alice', aud: 'pollcast', ...payload })
      .setProtectedHeader({ alg: 'HS256', ...(typ !== undefined && { typ }) })
      .setExpirationTime('1h')
      .sign(Buffer.from(SECRET));

  it('A2: accepts an audience among others, and refuses others without it', async () => {
    const token = (aud: string[]) => signTyp('at+jwt', { aud });
    expect((await verifier.verify(await token(['api', 'pollcast']))).subject).toBe('alice');
    await expect(verifier.verify(await token(['api']))).rejects.toMatchObject(refused);
    await expect(verifier.verify(await token([]))).rejects.toMatchObject(refused);
  });

  it('A2: refuses an id token where access tokens are required, and accepts both forms of their typ', async () => {
    for (const typ of ['at+jwt', 'application/at+jwt', 'AT+JWT']) {
      expect((await verifier.verify(await signTyp(typ, {}))).subject).toBe('alice');
    }
    for (const typ of ['JWT', undefined, '', 'at', 'id+jwt']) {
      await expect(verifier.verify(await signTyp(typ, {}))).rejects.toMatchObject(refused);
    }
    const lenient = new JwtVerifier(secretKeys(SECRET), settings);
    expect((await lenient.verify(await signTyp('at+jwt', {}))).subject).toBe('alice');
  });

  it('A3: adds up what claims, scopes and authorization details allow', async () => {
    const rights = await verifier.verify(
      await signTyp('at+jwt', {
        cases: ['OTHER'],
        'https://example.com/cases': ['A1'],
        scope: 'openid pollcast:case:B1 pollcast:case:TEAM-* pollcast:group:g1 pollcast:hints',
        authorization_details: [{ type: 'https://example.com/tickets', case_ids: ['C1'], groups: ['g2'] }],
      }),
    );
    const asked = ['A1', 'B1', 'C1', 'TEAM-7', 'OTHER', 'B2', 'TEAM', 'openid'];
    expect(asked.filter((caseId) => rights.mayRead(caseId))).toEqual(['A1', 'B1', 'C1', 'TEAM-7']);
    expect(['g1', 'g2', 'g3'].filter((groupId) => rights.mayUseGroup(groupId))).toEqual(['g1', 'g2']);
    expect(() => rights.requireHints()).not.toThrow();
  });
});

function* endless(): Generator<string> {
  for (;;) yield ' '.repeat(10_000);
}

describe('JwtVerifier with published keys', () => {
  const algorithms = ['RS256', 'ES256', 'EdDSA'];
  const privateKeys = new Map<string, KeyLike>();
  let publicPem = '';
  let server: Server;
  let verifier: JwtVerifier;
  const urls: KeySetUrl[] = [];

  function published(at: string, now = () => performance.now(), timeoutMs?: number): JwtVerifier {
    const url = new KeySetUrl(at, { httpProxy: '', httpsProxy: '', noProxy: '' }, 'pollcast/test', timeoutMs);
    urls.push(url);
    const keys = new PublishedKeys({ fetchKeys: () => url.fetch(), onFetched: () => undefined, now });
    return new JwtVerifier(publicKeys(keys), settings);
  }

  beforeAll(async () => {
    const keys: object[] = [];
    for (const alg of algorithms) {
      const { publicKey, privateKey } = await generateKeyPair(alg);
      privateKeys.set(alg, privateKey);
      keys.push({ ...(await exportJWK(publicKey)), alg, kid: alg });
      publicPem ||= await exportSPKI(publicKey);
    }
    server = createServer((_, response) => response.end(JSON.stringify({ keys })));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    verifier = published(`http://127.0.0.1:${port}/keys`);
  });
  afterAll(async () => {
    await Promise.all(urls.map((url) => url.close()));
    server.close();
  });

  it.each(algorithms)('accepts %s', async (alg) => {
    await expect(verifier.verify(await sign(claims, alg, privateKeys.get(alg)))).resolves.toMatchObject({
      subject: 'alice',
    });
  });

  it('refuses a public key used as a secret', async () => {
    const forged = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: 'RS256' })
      .setExpirationTime('1h')
      .sign(Buffer.from(publicPem));
    await expect(verifier.verify(forged)).rejects.toMatchObject(refused);
  });

  it('refuses a key that is not published, and an algorithm that is not listed', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    await expect(verifier.verify(await sign(claims, 'ES256', privateKey))).rejects.toMatchObject(refused);
    const other = await generateKeyPair('PS256');
    await expect(verifier.verify(await sign(claims, 'PS256', other.privateKey))).rejects.toMatchObject(refused);
  });

  it('answers unavailable and not unauthorized if the keys cannot be fetched', async () => {
    const lost = published('http://127.0.0.1:1/keys');
    const token = await sign(claims, 'RS256', privateKeys.get('RS256'));
    await expect(lost.verify(token)).rejects.toMatchObject({ code: 'unavailable' });
  });

  /** A token that does not say which key it is signed with. */
  const anonymous = (key: KeyLike, alg = 'RS256') =>
    new SignJWT(claims).setProtectedHeader({ alg }).setExpirationTime('1h').sign(key);

  it('tries every key for a token that names none, and newer keys if none fits', async () => {
    const pairs = await Promise.all(['RS256', 'RS256', 'RS256'].map((alg) => generateKeyPair(alg)));
    const jwks = await Promise.all(
      pairs.map(async ({ publicKey }, at) => ({ ...(await exportJWK(publicKey)), kid: `${at}` })),
    );
    let keys = jwks.slice(0, 2);
    let fetches = 0;
    let now = 0;
    const fetchKeys = async () => ((fetches += 1), { keys });
    const source = new PublishedKeys({ fetchKeys, onFetched: () => undefined, now: () => now });
    const many = new JwtVerifier(publicKeys(source), settings);
    const tokens = await Promise.all(pairs.map(({ privateKey }) => anonymous(privateKey)));
    for (const token of tokens.slice(0, 2)) {
      expect((await many.verify(token)).subject).toBe('alice');
    }
    expect(fetches).toBe(1);
    // A third key is published. The verifier has not fetched it yet, so its refusal says "try again", not
    // "unauthorized".
    keys = jwks;
    await expect(many.verify(tokens[2])).rejects.toMatchObject({ code: 'unavailable', details: { retryMs: 5000 } });
    now += 5000;
    expect((await many.verify(tokens[2])).subject).toBe('alice');
    now += 5000;
    const { privateKey } = await generateKeyPair('RS256');
    await expect(many.verify(await anonymous(privateKey))).rejects.toMatchObject(refused);
    expect(fetches).toBe(3);
  });

  it('names the real fault of a token that names no key', async () => {
    const pair = await generateKeyPair('ES256');
    const jwk = await exportJWK(pair.publicKey);
    const source = new PublishedKeys({ fetchKeys: async () => ({ keys: [jwk, jwk] }), onFetched: () => undefined });
    const expired = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256' })
      .setExpirationTime('-1m') // Beyond what jose tolerates.

      .sign(pair.privateKey);
    await expect(new JwtVerifier(publicKeys(source), settings).verify(expired)).rejects.toMatchObject({
      message: 'the token has expired',
    });
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['stalls in its body', (response) => void response.write('{"keys":')],
    ['answers without an end', (response) => void Readable.from(endless()).pipe(response)],
    ['answers with an error', (response) => void response.writeHead(500).end('{"keys":[]}')],
    ['answers with something else', (response) => void response.end('<html>')],
    ['refuses with a key set', (response) => void response.writeHead(404).end('{"keys":[]}')],
  ])('answers in time if the key server %s, and fetches again later', async (_what, answer) => {
    let isIll = true;
    const ill = createServer((_, response) => (isIll ? answer(response) : response.end('{"keys":[]}')));
    await new Promise<void>((resolve) => ill.listen(0, '127.0.0.1', resolve));
    let skippedMs = 0;
    const now = () => performance.now() + skippedMs;
    const sick = published(`http://127.0.0.1:${(ill.address() as AddressInfo).port}/keys`, now, 2000);
    const token = await sign(claims, 'RS256', privateKeys.get('RS256'));
    await expect(sick.verify(token)).rejects.toMatchObject({ code: 'unavailable' });
    isIll = false;
    skippedMs = 5000; // Keys are not fetched again before that.
    // The server has answered, and this key is not in its answer.
    await expect(sick.verify(token)).rejects.toMatchObject(refused);
    ill.closeAllConnections();
    ill.close();
  });
});
