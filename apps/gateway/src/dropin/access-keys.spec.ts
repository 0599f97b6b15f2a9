import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AKSKSigner } from '@huaweicloud/huaweicloud-sdk-core/auth/AKSKSigner';
import { AccessKeys } from './access-keys.js';

const HOST = 'gateway.example:3000';
const PATH = '/v2/servicerequest/cases/instant-messages';
const SECRET = 'a-secret-key-of-this-spec';
const KEY = { access_key: 'AK1', secret_key: SECRET, cases: ['A*'], groups: ['G1'] };

const folder = mkdtempSync(join(tmpdir(), 'access-keys-'));
afterAll(() => rmSync(folder, { recursive: true }));

const read = (content: unknown) => {
  const path = join(folder, 'keys.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return AccessKeys.read(path);
};

/** A request as the official SDK signs and sends it. */
function signed({ ids = ['A1'], secret = SECRET, accessKey = 'AK1', host = HOST, headers = {} } = {}) {
  const credential = { getAk: () => accessKey, getSk: () => secret };
  const sent: Record<string, string> = { host, ...headers };
  Object.assign(
    sent,
    AKSKSigner.sign(
      { method: 'GET', endpoint: `https://${host}${PATH}`, queryParams: { case_ids: [...ids] }, headers: sent },
      credential as unknown as Parameters<typeof AKSKSigner.sign>[1],
    ),
  );
  const lower = Object.fromEntries(Object.entries(sent).map(([name, value]) => [name.toLowerCase(), value]));
  return { method: 'GET', url: `${PATH}?${ids.map((id) => `case_ids=${id}`).join('&')}`, headers: lower };
}

describe('access keys', () => {
  const keys = () => read([KEY, { access_key: 'AK2', secret_key: `${SECRET}-2`, cases: [], sub: 'team' }]);

  it('D6: give the rights of the file to what the official SDK signs with them', () => {
    const rights = keys().rightsOf(signed({ ids: ['b', 'a', 'a-1'] }), HOST, Date.now());
    expect([rights.subject, rights.mayRead('A9'), rights.mayRead('B1'), rights.mayUseGroup('G1')]).toEqual([
      'AK1',
      true,
      false,
      true,
    ]);
    const team = keys().rightsOf(signed({ accessKey: 'AK2', secret: `${SECRET}-2` }), HOST, Date.now());
    expect(team.subject).toBe('team');
  });

  it('are known where a proxy has changed the host', () => {
    const request = signed({ host: 'public.example' });
    const behind = { ...request, headers: { ...request.headers, host: '10.0.0.1:3000' } };
    expect(keys().rightsOf(behind, 'public.example', Date.now()).subject).toBe('AK1');
    expect(() => keys().rightsOf(behind, '10.0.0.1:3000', Date.now())).toThrow('not made with its secret key');
  });

  it('refuse another secret, an unknown key, and a request that was changed', () => {
    const refused = [
      signed({ secret: 'another-secret-key' }),
      signed({ accessKey: 'AK9' }),
      { ...signed(), url: `${PATH}?case_ids=A2` },
      { ...signed(), url: `${PATH}?case_ids=%E0` },
      { ...signed(), method: 'POST' },
    ];
    for (const request of refused) {
      expect(() => keys().rightsOf(request, HOST, Date.now())).toThrow('not made with its secret key');
    }
  });

  it('refuse a date that is more than 15 minutes off, and a signature without host and date', () => {
    const request = signed();
    const minutes = (count: number) => Date.now() + count * 60_000;
    expect(() => keys().rightsOf(request, HOST, minutes(14))).not.toThrow();
    expect(() => keys().rightsOf(request, HOST, minutes(16))).toThrow('15 minutes');
    expect(() => keys().rightsOf(request, HOST, minutes(-16))).toThrow('15 minutes');
    const authorization = request.headers['authorization']?.replace('host;', '');
    const partly = { ...request, headers: { ...request.headers, authorization } };
    expect(() => keys().rightsOf(partly, HOST, Date.now())).toThrow('incomplete');
    expect(() => keys().rightsOf({ ...request, headers: {} }, HOST, Date.now())).toThrow('incomplete');
  });

  it.each([
    ['no array', { keys: [KEY] }, 'must hold an array of keys'],
    ['no JSON', '[{"secret_key": "hunter2hunter2hunter2"', 'is not JSON'],
    ['a secret without quotes', '[hunter2hunter2hunter2]', 'is not JSON'],
    ['a short secret', [{ ...KEY, secret_key: 'hunter2' }], 'key 1: secret_key must be'],
    ['no rights', [KEY, { access_key: 'AK2', secret_key: SECRET }], 'key 2: cases must be an array'],
    ['an unknown member', [{ ...KEY, case: ['A'] }], 'key 1: has other members than'],
    ['a key twice', [KEY, KEY], 'names an access_key twice'],
    ['no object', ['AK1'], 'key 1: must be an object'],
  ])('name what is wrong with a file, and no secret: %s', (_, content, words) => {
    let message = '';
    try {
      read(content);
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain(`DROPIN_ACCESS_KEYS_FILE ${words}`);
    expect(message).not.toMatch(/hunter2|a-secret-key/);
  });

  it('say that a file is not there, and know no key without one', () => {
    expect(() => AccessKeys.read(join(folder, 'none.json'))).toThrow('DROPIN_ACCESS_KEYS_FILE cannot be read: ENOENT');
    expect(() => AccessKeys.read('').rightsOf(signed(), HOST, Date.now())).toThrow('not known here');
  });
});
