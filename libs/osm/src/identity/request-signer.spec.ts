import { createHash } from 'node:crypto';
import { canonicalRequest, RequestSigner, signatureOf } from './request-signer.js';

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
    const signer = new RequestSigner(
      { accessKey: 'ACCESS', secretKey: 'SECRET', securityToken: '', domainId: '', projectId: '' },
      { now: () => Date.UTC(2019, 10, 15, 3, 36, 55, 123) },
    );
    const request = { ...EXAMPLE, host: HEADERS.host };
    const headers = signer.headers(request);
    const signed = canonicalRequest(EXAMPLE, { host: HEADERS.host, 'x-sdk-date': '20191115T033655Z' });
    const signature = signatureOf(signed, '20191115T033655Z', 'SECRET');
    expect(headers).toEqual({
      'x-sdk-date': '20191115T033655Z',
      authorization: `SDK-HMAC-SHA256 Access=ACCESS, SignedHeaders=host;x-sdk-date, Signature=${signature}`,
    });
  });
});
