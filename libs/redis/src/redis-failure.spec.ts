import { Barriers } from './barriers.js';
import { redisFailureOf, redisHosts, type RedisFailureKind } from './redis-failure.js';

/** An answer of Redis as ioredis throws it. */
function reply(message: string): Error {
  return Object.assign(new Error(message), {
    name: 'ReplyError',
    command: { name: 'set', args: ['key', 'confidential'] },
  });
}

describe('redisFailureOf', () => {
  it.each([
    ['NOPERM User x has no permissions to access one of the keys used as arguments', 'denied'],
    ['NOAUTH Authentication required.', 'login_refused'],
    ['WRONGPASS invalid username-password pair or user is disabled.', 'login_refused'],
    ["READONLY You can't write against a read only replica.", 'read_only'],
    ['MISCONF Redis is configured to save RDB snapshots, but is unable to persist', 'read_only'],
    ["OOM command not allowed when used memory > 'maxmemory'.", 'full'],
    ['LOADING Redis is loading the dataset in memory', 'loading'],
    ['BUSY Redis is busy running a script.', 'loading'],
    ['MOVED 3999 127.0.0.1:6381', 'moved'],
    ['CLUSTERDOWN Hash slot not served', 'cluster_down'],
    ["ERR unknown command 'EVAL', with args beginning with: 'confidential' ", 'no_command'],
    ['ERR DB index is out of range', 'no_database'],
    ['WRONGTYPE Operation against a key holding the wrong kind of value', 'refused'],
  ])('says of "%s": %s', (message, kind) => {
    const failure = redisFailureOf(reply(message));
    expect(failure).toMatchObject({ kind, command: 'set', isRefusal: kind !== 'loading' });
    expect(JSON.stringify(failure)).not.toContain('confidential');
  });

  it.each(['Command timed out', "Socket timeout. Expecting data, but didn't receive any in 4500ms."])(
    'says of "%s" that Redis does not answer, and has not for 4 s',
    (message) => {
      expect(redisFailureOf(new Error(message))).toMatchObject({ kind: 'no_answer', lastedMs: 4000, isRefusal: false });
    },
  );

  it.each<[string, RedisFailureKind, (barriers: Barriers) => void]>([
    ['is lost', 'unreachable', (barriers) => barriers.lost()],
    ['does not keep up', 'no_answer', () => jest.advanceTimersByTime(4000)],
  ])('says of a subscribed connection that %s: %s', async (_, kind, happens) => {
    jest.useFakeTimers();
    const barriers = new Barriers();
    const { passed } = barriers.open();
    happens(barriers);
    jest.useRealTimers();
    const error: unknown = await passed.catch((reason: unknown) => reason);
    expect(redisFailureOf(error)).toMatchObject({ kind, isRefusal: false });
  });

  it('names the node of a cluster that failed last, and the one that a slot was moved to', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', address: 'h', port: 7 });
    const all = Object.assign(new Error('Failed to refresh slots cache.'), { lastNodeError: refused });
    expect(redisFailureOf(all)).toMatchObject({ kind: 'unreachable', node: 'h:7', reason: 'connect ECONNREFUSED' });
    expect(redisFailureOf(reply('MOVED 3999 10.0.0.1:6381'))).toMatchObject({ node: '10.0.0.1:6381' });
  });

  it.each([new TypeError('x is undefined'), new Error('Missing lock for job 1'), 'a text', null, undefined, {}])(
    'says nothing of %p: it is not about Redis',
    (error) => expect(redisFailureOf(error)).toBeNull(),
  );
});

describe('redisHosts', () => {
  it.each([
    ['redis://name:password@h:1/2', 'h:1'],
    ['rediss://a, rediss://:password@b:2', 'a:6379,b:2'],
  ])('names the hosts of %s without users and passwords', (url, hosts) => expect(redisHosts(url)).toBe(hosts));
});
