import { createHash } from 'node:crypto';
import { UpstreamFailure } from '#core';
import { MemoryCredentialAttempts } from '#testing';
import type { AuthHeaders } from './authenticator.js';
import { GuardedAttempts } from './guarded-attempts.js';
import { canonicalRequest, RequestSigner, signatureOf, signedHeaders } from './request-signer.js';

describe('request signature', () => {
  /** The worked example of Huawei's "API Request Signing Guide": list of VPCs. */
  const EXAMPLE = {
    method: 'GET' as const,
    path: '/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs?marker=13551d6b-755d-4757-b956-536f674975c0&limit=2',
  };
  const HEADERS = {
    'x-sdk-date': '20191115T033655Z',
    host: 'service.region.example.com',
    'content-type': 'application/json',
  };

  it('derives the canonical request of the documented example', () => {
    const canonical = canonicalRequest(EXAMPLE, HEADERS);
    expect(createHash('sha256').update(canonical).digest('hex')).toBe(
      'b25362e603ee30f4f25e7858e8a7160fd36e803bb2dfe206278659d71a9bcd7a',
    );
  });

  it('signs the documented example', () => {
    const secretKey = 'MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc';
    expect(signatureOf(canonicalRequest(EXAMPLE, HEADERS), HEADERS['x-sdk-date'], secretKey)).toBe(
      '7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe',
    );
  });

  it('sorts repeated parameters by value and encodes the reserved characters of RFC 3986', () => {
    const canonical = canonicalRequest({ method: 'GET', path: "/a?case_ids=b%20'&group_id=*&case_ids=a" }, HEADERS);
    expect(canonical.split('\n')[2]).toBe('case_ids=a&case_ids=b%20%27&group_id=%2A');
  });

  it('signs the host and the time, and shows neither secret', () => {
    const key = { accessKey: 'ACCESS', secretKey: 'SECRET', securityToken: '', domainId: '', projectId: '' };
    const request = { ...EXAMPLE, host: HEADERS.host };
    const headers = signedHeaders(key, request, Date.UTC(2019, 10, 15, 3, 36, 55, 123));
    const signed = canonicalRequest(EXAMPLE, { host: HEADERS.host, 'x-sdk-date': '20191115T033655Z' });
    const signature = signatureOf(signed, '20191115T033655Z', 'SECRET');
    expect(headers).toEqual({
      'x-sdk-date': '20191115T033655Z',
      authorization: `SDK-HMAC-SHA256 Access=ACCESS, SignedHeaders=host;x-sdk-date, Signature=${signature}`,
    });
  });
});

describe('RequestSigner', () => {
  const REFUSED = new UpstreamFailure('unauthorized', 'the upstream answered 401');
  const DOWN = new UpstreamFailure('unavailable', 'the upstream answered 503');
  const REQUEST = { method: 'GET', host: 'osm.example.com', path: '/v2/cases' } as const;
  let now: number;
  let attempts: MemoryCredentialAttempts;
  let signer: RequestSigner;

  beforeEach(() => {
    now = Date.UTC(2026, 0, 1);
    attempts = new MemoryCredentialAttempts('signature');
    signer = signerOf('SECRET');
  });

  function signerOf(secretKey: string): RequestSigner {
    const clock = { now: () => now };
    const guard = new GuardedAttempts({
      attempts,
      credentials: async () => secretKey,
      clock,
      endsWithinMs: 5000,
      settings: 'UPSTREAM_SECRET_KEY',
      onCredentials: () => undefined,
    });
    return new RequestSigner(
      { accessKey: 'ACCESS', secretKey, securityToken: '', domainId: '', projectId: '' },
      clock,
      guard,
    );
  }
  /** So many requests at once. @returns what became of each: its headers, or the code of its failure */
  const ask = (count: number) =>
    Array.from({ length: count }, async () => signer.headers(REQUEST)).map((headers) =>
      headers.catch((error: UpstreamFailure) => error.code),
    );
  const settle = async (headers: Promise<AuthHeaders | string> | undefined, failure: UpstreamFailure | null) =>
    signer.settled((await headers) as AuthHeaders, failure);

  it('tries the key with one request, and lets the others go when it was accepted', async () => {
    const [trial, ...others] = ask(5);
    const waiting = Promise.race(others);
    expect(await Promise.race([waiting, trial?.then(() => 'the trial')])).toBe('the trial');
    await settle(trial, null);
    for (const headers of await Promise.all(others)) {
      expect(headers).toMatchObject({ authorization: expect.stringContaining('Access=ACCESS') });
    }
    expect(signer.headers(REQUEST)).not.toBeInstanceOf(Promise);
  });

  it('is accepted where the service refuses a ticket', async () => {
    const [trial] = ask(1);
    await settle(trial, new UpstreamFailure('refused', 'OSM.0003'));
    expect(signer.headers(REQUEST)).not.toBeInstanceOf(Promise);
  });

  it('sends one refused signature in a minute, and fails all other requests at once', async () => {
    const [trial, ...others] = ask(3);
    expect(await settle(trial, REFUSED)).toBe(false);
    expect(await Promise.all(others)).toEqual(['unauthorized', 'unauthorized']);
    expect(await Promise.all(ask(3))).toEqual(['unauthorized', 'unauthorized', 'unauthorized']);
    now += 60_000;
    const [again] = ask(1);
    expect(await again).toMatchObject({ authorization: expect.anything() });
    await settle(again, null);
    expect(signer.headers(REQUEST)).not.toBeInstanceOf(Promise);
  });

  it('tries another key at once', async () => {
    await settle(ask(1)[0], REFUSED);
    signer = signerOf('ANOTHER SECRET');
    expect(await ask(1)[0]).toMatchObject({ authorization: expect.anything() });
  });

  it('tries the key anew when it is refused later, and fails as its trial does', async () => {
    await settle(ask(1)[0], null);
    const [one] = ask(1);
    await settle(one, REFUSED);
    const [trial, other] = ask(2);
    await settle(trial, DOWN);
    expect(await other).toBe('unavailable');
    await settle(ask(1)[0], null);
    expect(signer.headers(REQUEST)).not.toBeInstanceOf(Promise);
  });
});
