import { readSettings } from './settings.js';
import { SettingsError } from './settings-reader.js';

function gatewayFaults(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    readSettings('gateway', { AUTH_JWT_SECRET: 'a-secret-of-at-least-thirty-two-bytes', ...env });
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
}

describe('settings of Redis', () => {
  it.each([
    'redis+sentinel://h/m',
    'redis+sentinel://h:26379,[::1]:2,10.0.0.1/m/3',
    'rediss+sentinel://u:p%40%2C@a.b,c/m',
  ])('take the sentinels of %s', (REDIS_URL) => expect(gatewayFaults({ REDIS_URL })).toEqual([]));

  it.each([
    'redis+sentinel://h',
    'redis+sentinel://h/',
    'redis+sentinel:///m',
    'redis+sentinel://h,/m',
    'redis+sentinel://h/m/x',
    'redis+sentinel://u:a,b@h/m',
    'redis+sentinel://h:x/m',
  ])('refuse the sentinels of %s', (REDIS_URL) =>
    expect(gatewayFaults({ REDIS_URL })).toEqual([expect.stringMatching(/^REDIS_URL is wrong: expected one redis/)]),
  );

  it('refuse what contradicts REDIS_URL', () => {
    const sentinels = 'redis+sentinel://h/m';
    expect(gatewayFaults({ REDIS_URL: sentinels, REDIS_CLUSTER: 'true' })).toEqual([
      'REDIS_CLUSTER must not be true where REDIS_URL is that of sentinels: a cluster has none',
    ]);
    expect(gatewayFaults({ REDIS_URL: 'redis://h/1', REDIS_CLUSTER: 'true' })).toEqual([
      'REDIS_CLUSTER must not be true where REDIS_URL names a database: a cluster has database 0 only',
    ]);
    expect(gatewayFaults({ REDIS_URL: sentinels, REDIS_SENTINEL_PASSWORD: 'hunter2' })).toEqual([]);
    expect(gatewayFaults({ REDIS_SENTINEL_PASSWORD: 'hunter2' })).toEqual([
      'REDIS_SENTINEL_PASSWORD is for a REDIS_URL that begins with redis+sentinel:// or rediss+sentinel://',
    ]);
  });

  it('refuse files for TLS that cannot be read, that hold something else, or that REDIS_URL does not use', () => {
    const REDIS_URL = 'rediss://h';
    expect(gatewayFaults({ REDIS_URL, REDIS_TLS_CA_FILE: '/nowhere/ca.pem' })).toEqual([
      'REDIS_TLS_CA_FILE names a file that cannot be read (ENOENT)',
    ]);
    expect(gatewayFaults({ REDIS_URL, REDIS_TLS_CA_FILE: __filename })).toEqual([
      'REDIS_TLS_CA_FILE names a file that holds no certificate and no key in PEM',
    ]);
    expect([...gatewayFaults({ REDIS_TLS_KEY_FILE: '/nowhere/key.pem' })].sort()).toEqual([
      'REDIS_TLS_CERT_FILE and REDIS_TLS_KEY_FILE must be set together',
      'REDIS_TLS_KEY_FILE is for a REDIS_URL that begins with rediss:// or rediss+sentinel://',
      'REDIS_TLS_KEY_FILE names a file that cannot be read (ENOENT)',
    ]);
  });
});
