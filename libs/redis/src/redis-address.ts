/** A server by its name and port. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** User and password of Redis. */
export interface RedisAccess {
  readonly username?: string;
  readonly password?: string;
}

/** Where Redis is, as `REDIS_URL` and `REDIS_CLUSTER` say. */
export type RedisAddress = RedisAccess & {
  readonly tls: boolean;
  /** Any nodes of a cluster, or its configuration endpoint; the sentinels where they find the master. At least one. */
  readonly servers: readonly ServerAddress[];
} & (
    | { readonly kind: 'server' | 'cluster'; readonly database: number }
    | { readonly kind: 'sentinel'; readonly database: number; readonly master: string }
  );

const REDIS_PORT = 6379;
const SENTINEL_PORT = 26_379;
/** Scheme, user and password, hosts, name of the master, database. A comma stands between hosts only. */
const SENTINEL_URL = /^(rediss?)\+sentinel:\/\/(?:([^@/,]*)@)?([^@/?#\s]+)\/([^/?#\s]+)(?:\/(\d+))?$/;
const HOST_AND_PORT = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/;

/**
 * Reads `REDIS_URL`: one URL, several of one cluster with commas in between, or
 * `redis+sentinel://user:password@host,host/master/database`.
 *
 * @param isCluster one URL is a cluster's, too
 * @throws if it is none of these: settings are checked when they are read
 */
export function redisAddress(redisUrl: string, isCluster = false): RedisAddress {
  const text = redisUrl.trim();
  if (text.includes('+sentinel:')) {
    return sentinelAddress(text);
  }
  const urls = text.split(',').map((url) => new URL(url.trim()));
  const servers = urls.map(({ hostname, port }) => ({
    host: hostname || '127.0.0.1',
    port: Number(port || REDIS_PORT),
  }));
  const [first] = urls;
  return {
    kind: isCluster || urls.length > 1 ? 'cluster' : 'server',
    servers: servers.map(({ host, port }) => ({ host: withoutBrackets(host), port })),
    tls: urls.some(({ protocol }) => protocol === 'rediss:'),
    database: Number(/^\/(\d+)$/.exec(first?.pathname ?? '')?.[1] ?? 0),
    ...accessOf(first?.username, first?.password),
  };
}

function sentinelAddress(text: string): RedisAddress {
  const [, scheme, access = '', hosts = '', master = '', database = '0'] = SENTINEL_URL.exec(text) ?? [];
  if (scheme === undefined) {
    throw new Error('REDIS_URL is not redis+sentinel://user:password@host,host/master/database');
  }
  const servers = hosts.split(',').map((each) => {
    const [, host = '', port = SENTINEL_PORT] = HOST_AND_PORT.exec(each) ?? [];
    return { host: withoutBrackets(host), port: Number(port) };
  });
  const colon = access.indexOf(':');
  const [username, password] = colon < 0 ? [access] : [access.slice(0, colon), access.slice(colon + 1)];
  const rest = { servers, master: decodeURIComponent(master), database: Number(database) };
  return { kind: 'sentinel', tls: scheme === 'rediss', ...rest, ...accessOf(username, password) };
}

function accessOf(username = '', password = ''): RedisAccess {
  return {
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
  };
}

/** Of an IPv6 address in a URL. */
function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}
