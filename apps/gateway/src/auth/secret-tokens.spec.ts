import { createHmac, createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { base64url, jwtVerify, SignJWT, type JWTPayload, type JWTVerifyOptions } from 'jose';
import { SecretTokens, type TokenDemands } from './secret-tokens.js';

const SECRET = createSecretKey('a secret for tests of at least 32 bytes', 'utf8');
const now = Math.floor(Date.now() / 1000);
const LENIENT: TokenDemands = { issuer: '', audience: '', typ: '', toleranceS: 30 };
const STRICT: TokenDemands = { issuer: 'us', audience: 'pollcast', typ: 'at+jwt', toleranceS: 0 };

/** What jose says of a token; null if it refuses it. */
async function byJose(token: string, { issuer, audience, typ, toleranceS }: TokenDemands): Promise<JWTPayload | null> {
  const options: JWTVerifyOptions = {
    algorithms: ['HS256'],
    requiredClaims: ['sub', 'exp'],
    clockTolerance: toleranceS,
    ...(issuer !== '' && { issuer }),
    ...(audience !== '' && { audience }),
    ...(typ !== '' && { typ }),
  };
  return jwtVerify(token, SECRET, options).then(
    ({ payload }) => payload,
    () => null,
  );
}

const sign = (payload: object, header: object = {}) =>
  new SignJWT(payload as JWTPayload).setProtectedHeader({ alg: 'HS256', ...header }).sign(SECRET);

/** Values far enough from each limit that the second in which they are compared makes no difference. */
const time = fc.constantFrom<unknown>(undefined, null, '9999999999', now - 600, now - 15, now + 15, now + 600, 1e12);
const claims = fc.record(
  {
    sub: fc.constantFrom<unknown>('alice', '', 7, null),
    exp: fc.oneof({ weight: 4, arbitrary: fc.constant<unknown>(now + 600) }, time),
    nbf: time,
    iat: time,
    iss: fc.constantFrom<unknown>('us', 'them', ['us'], 7),
    aud: fc.constantFrom<unknown>('pollcast', 'other', [], ['other', 'pollcast'], { pollcast: true }),
    cases: fc.array(fc.string()),
    note: fc.string(),
  },
  { requiredKeys: [] },
);
const header = fc.record(
  { typ: fc.constantFrom<unknown>('at+jwt', 'application/AT+JWT', 'JWT', '', 7), kid: fc.string() },
  { requiredKeys: [] },
);

describe('SecretTokens', () => {
  it('recognises exactly the tokens that jose accepts, with the same claims', async () => {
    let [accepted, refused] = [0, 0];
    const tokens = new Map([LENIENT, STRICT].map((demands) => [demands, new SecretTokens(SECRET, demands)]));
    await fc.assert(
      fc.asyncProperty(claims, header, async (payload, head) => {
        const token = await sign(payload, head);
        for (const [demands, ours] of tokens) {
          const theirs = await byJose(token, demands);
          expect(ours.claims(token)).toEqual(theirs);
          accepted += theirs === null ? 0 : 1;
          refused += theirs === null ? 1 : 0;
        }
      }),
      { numRuns: 400 },
    );
    expect([accepted > 20, refused > 20]).toEqual([true, true]);
  });

  it('recognises nothing that jose refuses: broken and changed texts', async () => {
    const good = await sign({ sub: 'alice', exp: now + 600, cases: ['A1'] });
    const ours = new SecretTokens(SECRET, LENIENT);
    expect(ours.claims(good)).toMatchObject({ sub: 'alice', cases: ['A1'] });
    const changed = fc.record({
      at: fc.nat(good.length - 1),
      drop: fc.nat(3),
      put: fc.stringMatching(/^[\w.=+/ -]{0,3}$/),
    });
    await fc.assert(
      fc.asyncProperty(changed, async ({ at, drop, put }) => {
        const token = `${good.slice(0, at)}${put}${good.slice(at + drop)}`;
        expect(ours.claims(token)).toEqual(await byJose(token, LENIENT));
      }),
      { numRuns: 400 },
    );
  });

  it.each<[string, object | string]>([
    ['another algorithm', { alg: 'HS384' }],
    ['no algorithm', {}],
    ['alg none', { alg: 'none' }],
    ['alg in lower case', { alg: 'hs256' }],
    ['a critical member', { alg: 'HS256', crit: ['exp'], exp: 1 }],
    ['a header that is null', 'null'],
    ['a header that is a list', '["HS256"]'],
  ])('leaves %s to jose, also after a good token', async (_what, head) => {
    const good = await sign({ sub: 'alice', exp: now + 600 });
    const ours = new SecretTokens(SECRET, LENIENT);
    expect(ours.claims(good)).not.toBeNull();
    const [, body = ''] = good.split('.');
    const text = `${base64url.encode(typeof head === 'string' ? head : JSON.stringify(head))}.${body}`;
    const token = `${text}.${createHmac('sha256', SECRET).update(text).digest('base64url')}`;
    // Twice: a header that was seen before is not looked at again if it was good.
    expect([ours.claims(token), ours.claims(token)]).toEqual([null, null]);
    expect(await byJose(token, LENIENT)).toBeNull();
  });

  const known = { sub: 'alice', exp: now + 600, iss: 'us', aud: 'pollcast' };
  it.each<[string, object, string | undefined, boolean]>([
    ['all that is demanded', {}, 'at+jwt', true],
    ['the long form of its typ', {}, 'application/AT+jwt', true],
    ['an audience among others', { aud: ['other', 'pollcast'] }, 'at+jwt', true],
    ['the typ of another kind', {}, 'JWT', false],
    ['no typ', {}, undefined, false],
    ['no sub', { sub: undefined }, 'at+jwt', false],
    ['another audience', { aud: 'other' }, 'at+jwt', false],
    ['other audiences', { aud: ['other'] }, 'at+jwt', false],
    ['another issuer', { iss: 'them' }, 'at+jwt', false],
    ['an exp that is over', { exp: now - 15 }, 'at+jwt', false],
    ['an exp that is a text', { exp: '9999999999' }, 'at+jwt', false],
    ['an nbf that is to come', { nbf: now + 15 }, 'at+jwt', false],
    ['an nbf that is a text', { nbf: '1' }, 'at+jwt', false],
    ['an iat that is a text', { iat: '1' }, 'at+jwt', false],
  ])('with %s are told as jose tells them', async (_what, more, typ, isGood) => {
    const token = await sign({ ...known, ...more }, { ...(typ !== undefined && { typ }) });
    const ours = new SecretTokens(SECRET, STRICT);
    expect(ours.claims(token) !== null).toBe(isGood);
    expect(ours.claims(token)).toEqual(await byJose(token, STRICT));
    expect(ours.claims(`${token}.${token}`)).toBeNull();
  });
});
