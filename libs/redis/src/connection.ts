import { Cluster, Redis, type RedisOptions } from 'ioredis';

/** The address of Redis, and the prefix of its keys. */
export interface RedisSettings {
  /** `REDIS_URL`: one URL, or several of one cluster, comma-separated. */
  readonly redisUrl: string;
  /** `REDIS_PREFIX`: the prefix of every key. */
  readonly redisPrefix: string;
}

/** A connection to one Redis server or to a cluster. */
export type RedisClient = Redis | Cluster;

/** What happens to commands while Redis is out of reach. */
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

/**
 * What a cluster client does while slots move. A node that moves a slot answers TRYAGAIN to scripts (script-keys.ts), and
 * ioredis sends the command again every 100 ms by way of a node that it draws. Impatient commands end after
 * {@link COMMAND_TIMEOUT_MS}, which this many answers outlast.
 */
const REDIRECTIONS_MAX: Readonly<Record<Patience, number>> = { impatient: 200, patient: Number.POSITIVE_INFINITY };
/** Pause before a command follows a moved slot, ms. Two nodes may name each other for a moment. */
const MOVED_PAUSE_MS = 20;
/** A client that sends few commands learns of new nodes at least this often, ms. */
const TOPOLOGY_EVERY_MS = 10_000;

/** Pause before the n-th attempt to connect again, ms. Short at first, because most outages are restarts. */
export function reconnectDelay(attempt: number): number {
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
          redisOptions: { ...options, ...accessOf(urls[0] ?? '') },
          clusterRetryStrategy: reconnectDelay,
          maxRedirections: REDIRECTIONS_MAX[patience],
          retryDelayOnMoved: MOVED_PAUSE_MS,
          slotsRefreshInterval: TOPOLOGY_EVERY_MS,
          ...(urls.some((url) => url.startsWith('rediss:')) ? { dnsLookup: keepName } : {}),
        })
      : new Redis(first, options);
  client.on('error', onError);
  return client;
}

/** Name, password and TLS of the first URL: nodes that no URL names, such as replicas that took over, have the same. */
function accessOf(url: string): RedisOptions {
  const { username, password, protocol } = new URL(url);
  return {
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' && { tls: {} }),
  };
}

/**
 * A connection for BullMQ, which writes a line of its own to stderr for every queue and worker where Redis may evict keys:
 * it is not told of the policy. {@link EvictionWatch} tells, once and in JSON.
 */
export function connectQueue(settings: RedisSettings, onError: (error: Error) => void): RedisClient {
  return withoutPolicy(connectRedis(settings, 'patient', onError));
}

function withoutPolicy(client: RedisClient): RedisClient {
  const info = client.info.bind(client) as (...args: unknown[]) => Promise<string>;
  const duplicate = client.duplicate.bind(client) as (...args: unknown[]) => RedisClient;
  return Object.assign(client, {
    // With arguments it is ioredis itself, which looks whether Redis is ready.
    info: async (...args: unknown[]) =>
      args.length > 0 ? info(...args) : (await info()).replace(/^maxmemory_policy:.*$/m, ''),
    // A worker's second connection is a duplicate of the first.
    duplicate: (...args: unknown[]) => withoutPolicy(duplicate(...args)),
  });
}

/** With TLS, names of nodes must not be replaced by addresses, or no certificate would match. */
function keepName(address: string, callback: (error: null, address: string) => void): void {
  callback(null, address);
}

/** On a cluster, a sharded channel is in the same slot as the keys of its feed. A single server has no slots. */
export function publishCommand(client: RedisClient): 'PUBLISH' | 'SPUBLISH' {
  return client instanceof Cluster ? 'SPUBLISH' : 'PUBLISH';
}
