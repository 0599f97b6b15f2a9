import { AKSKSigner } from '@huaweicloud/huaweicloud-sdk-core/auth/AKSKSigner';
import fc from 'fast-check';
import { percentEncode } from './percent-encode.js';
import { canonicalRequest, signatureOf, signedHeaders } from './request-signer.js';

/**
 * Texts of any characters, often special ones. Lone surrogates are left out: the SDK and `encodeURIComponent` throw
 * then.
 */
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({ unit: fc.constantFrom(...'aZ09-._~!*\'() +/%&=;,:@$?#[]{}|\\^`"<>é您😀'), maxLength: 12 }),
);
/**
 * Characters that need no encoding. The SDK encodes a percent-encoded path once more; the signing guide and this signer
 * take it as it is sent. Real paths are fixed, after the path of UPSTREAM_BASE_URL.
 */
const segment = fc.string({ unit: fc.constantFrom(...'abcXYZ019-._~'), minLength: 1, maxLength: 8 });
const path = fc.array(segment, { maxLength: 4 }).map((parts) => `/${parts.join('/')}`);
const name = fc.stringMatching(/^[a-z_]{1,8}$/);
/** A name may be repeated. */
const query = fc.dictionary(name, fc.array(text, { minLength: 1, maxLength: 4 }), { noNullPrototype: true });
const host = fc.tuple(fc.domain(), fc.option(fc.integer({ min: 1024, max: 65_535 })));
const at = fc.date({ min: new Date('2000-01-01'), max: new Date('2099-12-31'), noInvalidDate: true });
const key = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 40 });
/** Further headers, in lower case as they are sent. */
const headers = fc.dictionary(fc.stringMatching(/^x-[a-z]{1,8}$/), fc.stringMatching(/^[!-~]([ -~]{0,10}[!-~])?$/), {
  maxKeys: 4,
  noNullPrototype: true,
});

const permanent = (accessKey: string, secretKey: string) => ({
  accessKey,
  secretKey,
  securityToken: '',
  domainId: '',
  projectId: '',
});
const basicDate = (date: Date) => date.toISOString().replace(/[-:]|\.\d+/g, '');
const withQuery = (pathname: string, parameters: Readonly<Record<string, readonly string[]>>) => {
  const pairs = Object.entries(parameters).flatMap(([each, values]) =>
    values.map((value) => `${each}=${percentEncode(value)}`),
  );
  return pairs.length === 0 ? pathname : `${pathname}?${pairs.join('&')}`;
};

interface Signed {
  readonly authorization: string;
}

/** The official SDK's signature of the same request. */
function signedBySdk(request: {
  readonly host: string;
  readonly pathname: string;
  readonly parameters: Readonly<Record<string, readonly string[]>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly keys: readonly [string, string];
}): Signed {
  const [accessKey, secretKey] = request.keys;
  const credential = { getAk: () => accessKey, getSk: () => secretKey };
  const signed = AKSKSigner.sign(
    {
      method: 'GET',
      endpoint: `https://${request.host}${request.pathname}`,
      // The SDK sorts the lists in place.
      queryParams: Object.fromEntries(Object.entries(request.parameters).map(([each, values]) => [each, [...values]])),
      headers: { host: request.host, ...request.headers },
    },
    credential as unknown as Parameters<typeof AKSKSigner.sign>[1],
  ) as { readonly Authorization: string };
  return { authorization: signed.Authorization };
}

describe('request signature, against the official SDK', () => {
  it('is the one that the SDK makes', () => {
    fc.assert(
      fc.property(host, path, query, at, fc.tuple(key, key), ([domain, port], pathname, parameters, date, keys) => {
        const authority = port === null ? domain : `${domain}:${port}`;
        const request = { method: 'GET', host: authority, path: withQuery(pathname, parameters) } as const;
        const ours = signedHeaders(permanent(...keys), request, date.getTime());
        const theirs = signedBySdk({
          host: authority,
          pathname,
          parameters,
          headers: { 'X-Sdk-Date': basicDate(date) },
          keys,
        });
        expect(ours['authorization']).toBe(theirs.authorization);
      }),
      { numRuns: Number(process.env['FC_RUNS'] ?? 1000) },
    );
  });

  it('is the one that the SDK makes with a temporary key, for an account and a project', () => {
    const value = fc.stringMatching(/^[!-~]{1,20}$/);
    fc.assert(
      fc.property(value, value, value, query, at, (securityToken, domainId, projectId, parameters, date) => {
        const keys = ['AK', 'SK'] as const;
        const pathname = '/v2/servicerequest/cases/instant-messages';
        const ours = signedHeaders(
          { ...permanent(...keys), securityToken, domainId, projectId },
          { method: 'GET', host: 'osm.example.com', path: withQuery(pathname, parameters) },
          date.getTime(),
        );
        const further = { 'X-Security-Token': securityToken, 'X-Domain-Id': domainId, 'X-Project-Id': projectId };
        const theirs = signedBySdk({
          host: 'osm.example.com',
          pathname,
          parameters,
          headers: { 'X-Sdk-Date': basicDate(date), ...further },
          keys,
        });
        expect(ours).toEqual({
          'x-sdk-date': basicDate(date),
          'x-security-token': securityToken,
          'x-domain-id': domainId,
          'x-project-id': projectId,
          authorization: theirs.authorization,
        });
      }),
      { numRuns: Number(process.env['FC_RUNS'] ?? 1000) },
    );
  });

  it('is the one that the SDK makes of further headers, too', () => {
    fc.assert(
      fc.property(path, query, headers, at, fc.tuple(key, key), (pathname, parameters, further, date, keys) => {
        const named = { host: 'osm.example.com', ...further };
        const stamp = basicDate(date);
        const canonical = canonicalRequest(
          { method: 'GET', path: withQuery(pathname, parameters) },
          { ...named, 'x-sdk-date': stamp },
        );
        const theirs = signedBySdk({
          host: named.host,
          pathname,
          parameters,
          headers: { 'X-Sdk-Date': stamp, ...further },
          keys,
        });
        expect(theirs.authorization).toMatch(new RegExp(`Signature=${signatureOf(canonical, stamp, keys[1])}$`));
      }),
      { numRuns: Number(process.env['FC_RUNS'] ?? 1000) },
    );
  });
});
