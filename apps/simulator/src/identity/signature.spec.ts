import { signatureOf } from './signature.js';

/** The example of the "API Request Signing Guide": a key, a request and the signature that they give. */
const SECRET_KEY = 'MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc';
const PATH = '/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs';
const EXAMPLE = {
  method: 'GET',
  url: `${PATH}?limit=2&marker=13551d6b-755d-4757-b956-536f674975c0`,
  headers: {
    'content-type': 'application/json',
    host: 'service.region.example.com',
    'x-sdk-date': '20191115T033655Z',
  },
};
const SIGNED = ['content-type', 'host', 'x-sdk-date'];
const SIGNATURE = '7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe';

describe('signatureOf', () => {
  it('gives the signature that the guide prints', () => {
    expect(signatureOf(EXAMPLE, SIGNED, SECRET_KEY)).toBe(SIGNATURE);
  });

  it.each([
    ['a slash at the end of the path', `${PATH}/?limit=2&marker=13551d6b-755d-4757-b956-536f674975c0`],
    ['another order of parameters', `${PATH}?marker=13551d6b-755d-4757-b956-536f674975c0&limit=2`],
    ['needless percent-encoding', `${PATH}?limit=%32&marker=13551d6b%2D755d-4757-b956-536f674975c0`],
  ])('is the same with %s', (_what, url) => {
    expect(signatureOf({ ...EXAMPLE, url }, SIGNED, SECRET_KEY)).toBe(SIGNATURE);
  });

  it('is the same for the other order of repeated parameters, and not for other values', () => {
    const sign = (search: string): string => signatureOf({ ...EXAMPLE, url: `${PATH}?${search}` }, SIGNED, SECRET_KEY);
    expect(sign('case_ids=a&case_ids=b')).toBe(sign('case_ids=b&case_ids=a'));
    expect(sign('case_ids=a&case_ids=b')).not.toBe(sign('case_ids=a&case_ids=c'));
    expect(sign('q=a%20b')).toBe(sign('q=a+b'));
    expect(sign('q=(a)*')).toBe(sign('q=%28a%29%2A'));
  });

  it('depends, as the SDK for Java signs, on the order of repeated parameters, but not on that of their names', () => {
    const sign = (search: string): string =>
      signatureOf({ ...EXAMPLE, url: `${PATH}?${search}` }, SIGNED, SECRET_KEY, 'as_sent');
    expect(sign('case_ids=a&case_ids=b')).not.toBe(sign('case_ids=b&case_ids=a'));
    expect(sign('case_ids=a&group_id=g&case_ids=b')).toBe(sign('group_id=g&case_ids=a&case_ids=b'));
    expect(sign('case_ids=a&case_ids=b')).toBe(
      signatureOf({ ...EXAMPLE, url: `${PATH}?case_ids=b&case_ids=a` }, SIGNED, SECRET_KEY, 'sorted'),
    );
  });

  it.each([
    ['method', { ...EXAMPLE, method: 'POST' }],
    ['path', { ...EXAMPLE, url: EXAMPLE.url.replace('vpcs', 'vpc') }],
    ['a signed header', { ...EXAMPLE, headers: { ...EXAMPLE.headers, host: 'elsewhere.example.com' } }],
    ['date', { ...EXAMPLE, headers: { ...EXAMPLE.headers, 'x-sdk-date': '20191115T033656Z' } }],
  ])('depends on the %s', (_what, request) => {
    expect(signatureOf(request, SIGNED, SECRET_KEY)).not.toBe(SIGNATURE);
  });
});
