import { redisAddress } from './redis-address.js';

describe('redisAddress', () => {
  const nodes = (...hosts: (readonly [string, number])[]) => hosts.map(([host, port]) => ({ host, port }));

  it.each([
    ['redis://h', { kind: 'server', servers: nodes(['h', 6379]), tls: false, database: 0 }],
    [' rediss://h:7000/3 ', { kind: 'server', servers: nodes(['h', 7000]), tls: true, database: 3 }],
    ['redis://[::1]:1/12', { kind: 'server', servers: nodes(['::1', 1]), tls: false, database: 12 }],
    [
      'redis://u%40x:p%3A%2F@h',
      { kind: 'server', servers: nodes(['h', 6379]), tls: false, database: 0, username: 'u@x', password: 'p:/' },
    ],
    ['redis://:secret@h', { kind: 'server', servers: nodes(['h', 6379]), tls: false, database: 0, password: 'secret' }],
    [
      'redis://u:p@a, redis://b:7001',
      {
        ...{ kind: 'cluster', servers: nodes(['a', 6379], ['b', 7001]), tls: false, database: 0 },
        ...{ username: 'u', password: 'p' },
      },
    ],
    // TLS for one node is TLS for all: the others must not get the password in the clear.
    ['rediss://a,redis://b', { kind: 'cluster', servers: nodes(['a', 6379], ['b', 6379]), tls: true, database: 0 }],
    [
      'redis+sentinel://a,b:1,[::1]/main',
      {
        kind: 'sentinel',
        servers: nodes(['a', 26_379], ['b', 1], ['::1', 26_379]),
        tls: false,
        database: 0,
        master: 'main',
      },
    ],
    [
      'rediss+sentinel://u:p%3A:q@a/my%20main/2',
      {
        ...{ kind: 'sentinel', servers: nodes(['a', 26_379]), tls: true, database: 2, master: 'my main' },
        ...{ username: 'u', password: 'p::q' },
      },
    ],
  ])('reads %s', (text, address) => expect(redisAddress(text)).toEqual(address));

  it('takes one URL for that of a cluster where it is said to be', () => {
    expect(redisAddress('redis://h', true)).toMatchObject({ kind: 'cluster', servers: nodes(['h', 6379]) });
  });

  it('refuses sentinels without the name of their master', () => {
    expect(() => redisAddress('redis+sentinel://h')).toThrow('REDIS_URL is not redis+sentinel://');
  });
});
