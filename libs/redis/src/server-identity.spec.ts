import type { RedisClient } from './connection.js';
import { checkIdentity, serverIdentity } from './server-identity.js';

/** The lines of `INFO server` that differ, as these releases answer. */
const VALKEY = ['redis_version:7.2.4', 'server_name:valkey', 'valkey_version:8.1.8', 'server_mode:sentinel'];
const REDIS = ['redis_version:6.2.14', 'redis_mode:cluster'];

describe('serverIdentity', () => {
  const of = (lines: readonly string[]) =>
    serverIdentity({ info: async () => `# Server\r\n${lines.join('\r\n')}\r\n` } as never as RedisClient);

  it('knows a sentinel of Valkey, which has another name for its mode', async () => {
    const identity = await of(VALKEY);
    expect(identity).toEqual({ kind: 'valkey', version: '8.1.8', mode: 'sentinel' });
    expect(() => checkIdentity(identity, false)).toThrow('REDIS_URL names a sentinel');
  });

  it('finds a cluster too old that a single server would not be', async () => {
    const identity = await of(REDIS);
    expect(() => checkIdentity(identity, false)).toThrow('REDIS_URL names one node of a cluster');
    expect(() => checkIdentity(identity, true)).toThrow(
      'Redis is of release 6.2.14: a cluster needs Redis 7.0 or later',
    );
    expect(() => checkIdentity({ ...identity, mode: 'standalone' }, false)).not.toThrow();
  });

  it.each([
    ['6.2.0', true],
    ['7.0.0', true],
    ['10.0.1', true],
    ['6.0.16', false],
    ['5.9.9', false],
  ])('takes release %s for new enough: %s', (version, isEnough) => {
    const check = () => checkIdentity({ kind: 'redis', version, mode: 'standalone' }, false);
    if (isEnough) expect(check).not.toThrow();
    else expect(check).toThrow('Pollcast needs Redis 6.2 or later');
  });
});
