import { feedKey } from '#core';
import { connectRedis, Keys, type RedisClient } from '#redis';

import { RedisServer } from '../../../test/harness/processes/redis-server.js';
import { everyKey } from './keyspace.js';
import { FEED, LossScene, TICKETS, type Loss } from './loss-scene.js';

/** Longest time between the post of a message and its delivery, ms: a sweep, and what a busy machine adds. */
const SILENCE_MS = 5000;
/** The same where BullMQ lost its own: a job is made again when its set is 3 s late. */
const QUEUE_SILENCE_MS = 10_000;
const TEST_MS = 90_000;

const [FIRST = ''] = TICKETS;
const JOB = `${feedKey(FEED)}/1`;

/** Every kind of key (libs/redis/src/keys.ts), as a pattern behind the prefix, and the one that is lost. */
const LOSSES: readonly Loss[] = [
  { kind: /^life$/, key: 'life' },
  { kind: /^feeds$/, key: 'feeds' },
  { kind: /^visits$/, key: 'visits' },
  { kind: /^visits:all$/, key: 'visits:all' },
  { kind: /^workers$/, key: 'workers' },
  { kind: /^answered$/, key: 'answered' },
  { kind: /^\{quota\}$/, key: '{quota}' },
  { kind: /^\{quota\}:waiting$/, key: '{quota}:waiting' },
  { kind: /^\{quota\}:asking$/, key: '{quota}:asking' },
  { kind: /^\{en-us\}:feed$/, key: '{en-us}:feed', gap: 'live' },
  { kind: /^\{en-us\}:interest$/, key: '{en-us}:interest' },
  { kind: /^\{en-us\}:place$/, key: '{en-us}:place' },
  { kind: /^\{en-us\}:sizes$/, key: '{en-us}:sizes' },
  { kind: /^\{en-us\}:due$/, key: '{en-us}:due' },
  { kind: /^\{en-us\}:apart$/, key: '{en-us}:apart' },
  { kind: /^\{en-us\}:failing$/, key: '{en-us}:failing' },
  { kind: /^\{en-us\}:ages$/, key: '{en-us}:ages' },
  { kind: /^\{en-us\}:set:\d+$/, key: '{en-us}:set:1' },
  { kind: /^\{en-us\}:ticket:[^:]+$/, key: `{en-us}:ticket:${FIRST}` },
  { kind: /^\{en-us\}:history:[^:]+$/, key: `{en-us}:history:${FIRST}`, gap: 'resumed' },
  { kind: /^\{en-us\}:delivered:[^:]+$/, key: `{en-us}:delivered:${FIRST}` },
  ...['meta', 'id', 'events', 'wait', 'delayed', 'marker'].map((name): Loss => ({
    kind: new RegExp(`^\\{queue\\}:polls:${name}$`),
    key: `{queue}:polls:${name}`,
    of: 'queue',
  })),
  ...['active', 'stalled', 'stalled-check', JOB, `${JOB}:lock`].map((name): Loss => ({
    kind: new RegExp(`^\\{queue\\}:polls:${name.replace(/\d+/, '\\d+')}$`),
    key: `{queue}:polls:${name}`,
    of: 'queue',
    whileRunning: true,
  })),
];

/** Somebody deletes a key, or a Redis that was told to evict does it. */
describe('a key of Redis that is lost in the middle of traffic', () => {
  let server: RedisServer;
  let client: RedisClient;
  let scenes: readonly LossScene[];

  beforeAll(async () => {
    server = await RedisServer.start();
    client = connectRedis({ redisUrl: server.url, redisPrefix: '' }, 'patient', () => undefined);
    scenes = LOSSES.map((loss, number) => new LossScene(loss, server.url, new Keys(`p${number}`)));
    await Promise.all(scenes.map((scene) => scene.run()));
  }, TEST_MS);
  afterAll(async () => {
    await Promise.all(scenes.map((scene) => scene.stop()));
    client.disconnect();
    await server.dispose();
  });

  it('is of a kind that is tried here', async () => {
    const found = (await everyKey(client)).map(({ key }) => key.slice(key.indexOf(':') + 1));
    expect(found.filter((key) => !LOSSES.some(({ kind }) => kind.test(key)))).toEqual([]);
    // What was lost was there, but for lists on which something waits for some milliseconds at most, and what is there only
    // after jobs were lost.
    const absent = scenes.filter((scene) => !scene.wasThere).map(({ loss }) => loss.key);
    expect(absent.filter((key) => !/:(asking|waiting|wait|all)$/.test(key))).toEqual([]);
  });

  it.each(LOSSES.map(({ key, of = 'feed' }, at) => [key, of, at] as const))(
    'loses nothing and doubles nothing untold, and stops nothing for long: %s',
    (_key, of, at) => {
      const scene = scenes[at];
      expect(scene?.faults()).toEqual([]);
      expect(scene?.longestMs).toBeLessThan(of === 'queue' ? QUEUE_SILENCE_MS : SILENCE_MS);
    },
  );
});
