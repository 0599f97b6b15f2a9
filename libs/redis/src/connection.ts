import { Cluster, Redis, type RedisOptions } from 'ioredis';

/** Where Redis is. */
export interface RedisSettings {
  /** `REDIS_URL`: one URL, or several of one cluster, comma-separated. */
  readonly redisUrl: string;
  /** `REDIS_PREFIX`: in front of every key. */
  readonly redisPrefix: string;
}

/** A connection to one Redis server or to a cluster. */
export type RedisClient = Redis | Cluster;

/** What becomes of commands while Redis is out of reach. */
export type Patience =
  /** They fail after {@link COMMAND_TIMEOUT_MS}, because a caller waits for the answer. */
  | 'impatient'
  /** They wait for as long as it takes. BullMQ requires this. */
  | 'patient';

/** A command that takes longer than this (ms) fails for its caller. */
export const COMMAND_TIMEOUT_MS = 4000;

/** A connection attempt without an answer for this long (ms) has failed. */
const CONNECT_TIMEOUT_MS = 4000;

/**
 * A connection on which nothing arrived for this long (ms) while answers were due is closed and opened again. Without this,
 * a dead connection would be kept until the kernel gives up, a quarter of an hour later. It is longer than any command may
 * take, and longer than BullMQ blocks (10 s at most).
 */
const SILENCE_MS: Readonly<Record<Patience, number>> = { impatient: COMMAND_TIMEOUT_MS + 500, patient: 12_000 };

/** Pause before the n-th attempt to connect again, ms. Short at first, because most outages are restarts. */
function reconnectDelay(attempt: number): number {
  return Math.min(50 * 2 ** Math.min(attempt, 6), 1000) * (0.5 + Math.random() / 2);
}

/**
 * Opens a connection that reconnects for ever.
 *
 * @param onError gets every error of the connection; without a listener an error would end the process
 */
export function connectRedis(
  settings: RedisSettings,
  patience: Patience,
  onError: (error: Error) => void,
  more: RedisOptions = {},
): RedisClient {
  const options: RedisOptions = {
    connectTimeout: CONNECT_TIMEOUT_MS,
    keepAlive: 10_000,
    socketTimeout: SILENCE_MS[patience],
    maxRetriesPerRequest: null,
    retryStrategy: reconnectDelay,
    // After a failover the old primary refuses writes: connect again, and repeat the refused command.
    reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
    ...(patience === 'impatient' ? { commandTimeout: COMMAND_TIMEOUT_MS } : {}),
    ...more,
  };
  const urls = settings.redisUrl.split(',').map((url) => url.trim());
  const [first] = urls;
  const client =
    urls.length > 1 || first === undefined
      ? new Cluster(urls, {
          redisOptions: options,
          clusterRetryStrategy: reconnectDelay,
          shardedSubscribers: true,
          ...(urls.some((url) => url.startsWith('rediss:')) ? { dnsLookup: keepName } : {}),
        })
      : new Redis(first, options);
  client.on('error', onError);
  return client;
}

/** With TLS, names of nodes must not be replaced by addresses, or no certificate would match. */
function keepName(address: string, callback: (error: null, address: string) => void): void {
  callback(null, address);
}

/** On a cluster, a sharded channel is in the same slot as the keys of its feed. A single server has no slots. */
export function publishCommand(client: RedisClient): 'PUBLISH' | 'SPUBLISH' {
  return client instanceof Cluster ? 'SPUBLISH' : 'PUBLISH';
}
