import { Cluster, Redis, type RedisOptions } from 'ioredis';

import { redisAddress, type RedisAddress, type ServerAddress } from './redis-address.js';
import { redisTls, type RedisTlsFiles } from './redis-tls.js';

/** The address of Redis, how to reach it, and the prefix of its keys. */
export interface RedisSettings extends RedisTlsFiles {
  /** `REDIS_URL`: one URL, several of one cluster, comma-separated, or the one of its sentinels. */
  readonly redisUrl: string;
  /** `REDIS_CLUSTER`: `true` where one URL is a cluster's. */
  readonly redisCluster?: 'true' | 'false';
  /** `REDIS_SENTINEL_USERNAME`, `REDIS_SENTINEL_PASSWORD`: those of the sentinels; empty: they want none. */
  readonly redisSentinelUsername?: string;
  readonly redisSentinelPassword?: string;
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

/** A command that Redis refuses because it is a replica is repeated for this long, ms: less than {@link COMMAND_TIMEOUT_MS}. */
const READ_ONLY_REPEAT_MS = 2500;
/** Refusals that are farther apart are of two failovers, ms. Whatever writes does so more often. */
const READ_ONLY_QUIET_MS = 15_000;

/** What Redis answers to SELECT. */
export const NO_DATABASE = /DB index is out of range|^ERR SELECT is not allowed/;

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
    reconnectOnError: onReadOnly(),
    ...(patience === 'impatient' ? { commandTimeout: COMMAND_TIMEOUT_MS } : {}),
    ...more,
  };
  const client = openClient(
    settings,
    redisAddress(settings.redisUrl, settings.redisCluster === 'true'),
    patience,
    options,
  );
  client.on('error', onError);
  client.on('error', (error: Error) => leaveWrongDatabase(client, error));
  leaveOnce(client);
  client.on('+node', leaveOnce); // Of a cluster.
  return client;
}

/**
 * ioredis leaves a server once for each command that is refused ({@link onReadOnly}), and adds a listener to the socket each
 * time: Node warns of more than ten.
 */
function leaveOnce(client: RedisClient): void {
  if (!(client instanceof Redis)) {
    return;
  }
  const disconnect = client.disconnect.bind(client);
  let left: unknown;
  client.disconnect = (reconnect) => {
    const socket: unknown = Reflect.get(client, 'stream');
    if (!reconnect || socket === undefined || socket !== left) {
      left = socket;
      disconnect(reconnect);
    }
  };
}

function openClient(
  settings: RedisSettings,
  address: RedisAddress,
  patience: Patience,
  options: RedisOptions,
): RedisClient {
  const { kind, servers, tls, database: db, username, password } = address;
  const access = { ...(username && { username }), ...(password && { password }) };
  const secure = tls ? { tls: redisTls(settings) } : {};
  switch (kind) {
    case 'server':
      return new Redis(settings.redisUrl.trim(), { ...options, ...secure });
    case 'cluster':
      // Nodes that no URL names, such as replicas that took over, have the same user, password and TLS.
      return openCluster(servers, tls, patience, { ...options, ...access, ...secure });
    case 'sentinel':
      return new Redis({
        ...options,
        ...access,
        ...sentinelAccess(settings),
        ...(tls && { ...secure, enableTLSForSentinelMode: true, sentinelTLS: redisTls(settings) }),
        sentinels: [...servers],
        name: address.master,
        db,
        sentinelRetryStrategy: reconnectDelay,
        sentinelCommandTimeout: CONNECT_TIMEOUT_MS,
        // The sentinels tell of a new master. Without it, a master that stands still is left after {@link SILENCE_MS} only.
        failoverDetector: true,
      });
  }
}

function openCluster(
  servers: readonly ServerAddress[],
  tls: boolean,
  patience: Patience,
  redisOptions: RedisOptions,
): Cluster {
  // ioredis counts from the beginning again when a node accepts the connection, also if it is of no cluster.
  let attempts = 0;
  const cluster = new Cluster([...servers], {
    redisOptions,
    clusterRetryStrategy: () => reconnectDelay((attempts += 1)),
    maxRedirections: REDIRECTIONS_MAX[patience],
    retryDelayOnMoved: MOVED_PAUSE_MS,
    slotsRefreshInterval: TOPOLOGY_EVERY_MS,
    ...(tls ? { dnsLookup: keepName } : {}),
  });
  cluster.on('ready', () => (attempts = 0));
  return cluster;
}

function sentinelAccess({ redisSentinelUsername: user, redisSentinelPassword: password }: RedisSettings): RedisOptions {
  return { ...(user && { sentinelUsername: user }), ...(password && { sentinelPassword: password }) };
}

/**
 * After a failover the old master refuses writes. So the client connects again, and repeats the refused command. Redis may
 * also be a replica for good: then the command fails, with the reason, before it is late.
 */
function onReadOnly(): (error: Error) => 1 | 2 | false {
  let since = Number.NEGATIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  return ({ message }) => {
    if (!message.startsWith('READONLY')) {
      return false;
    }
    const now = performance.now();
    since = now - last > READ_ONLY_QUIET_MS ? now : since;
    last = now;
    return now - since < READ_ONLY_REPEAT_MS ? 2 : 1;
  };
}

/** ioredis goes on in database 0 where Redis has no database of the wanted number. @param error of the connection */
function leaveWrongDatabase(client: RedisClient, error: Error): void {
  if (client instanceof Redis && NO_DATABASE.test(error.message)) {
    // What waits for the connection fails with the reason. ioredis has no public name for it.
    (Reflect.get(client, 'flushQueue') as (reason: Error) => void).call(client, error);
    client.disconnect(true);
  }
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
