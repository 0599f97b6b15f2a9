import { Cluster } from 'ioredis';

import type { RedisClient } from './connection.js';
import { REDIS_FAILURES, UnmetNeedError } from './redis-failure.js';

/** What kind of server Redis is. */
export interface ServerIdentity {
  readonly kind: 'redis' | 'valkey';
  readonly version: string;
  /** `standalone`, `sentinel` or `cluster`: `redis_mode` of Redis, `server_mode` of Valkey. */
  readonly mode: string;
  /** Of a cluster. */
  readonly masters?: number;
}

/** The oldest releases that have all commands, as major and minor number. A cluster needs sharded Pub/Sub. */
const OLDEST = { server: [6, 2], cluster: [7, 0] } as const;

/** Asks Redis what it is; of a cluster one node. @throws what Redis answers, or a timeout */
export async function serverIdentity(client: RedisClient): Promise<ServerIdentity> {
  const masters = client instanceof Cluster ? client.nodes('master') : null;
  const info = await (masters?.[0] ?? client).info('server');
  const valkey = fieldOf(info, 'valkey_version');
  return {
    kind: valkey === null ? 'redis' : 'valkey',
    version: valkey ?? fieldOf(info, 'redis_version') ?? 'unknown',
    mode: fieldOf(info, 'redis_mode') ?? fieldOf(info, 'server_mode') ?? 'unknown',
    ...(masters && { masters: masters.length }),
  };
}

/** @throws {UnmetNeedError} where Redis is of another kind than `REDIS_URL` says, or too old */
export function checkIdentity({ kind, version, mode }: ServerIdentity, isCluster: boolean): void {
  if (mode === 'sentinel') {
    throw new UnmetNeedError(
      'no_command',
      'REDIS_URL names a sentinel: write redis+sentinel://host,host/master in place of it',
    );
  }
  if (mode === 'cluster' && !isCluster) {
    throw new UnmetNeedError('moved', REDIS_FAILURES.moved.text);
  }
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor, leastMinor] = isCluster ? OLDEST.cluster : OLDEST.server;
  // Valkey has begun with 7.2.
  if (kind === 'redis' && (major < leastMajor || (major === leastMajor && minor < leastMinor))) {
    const needed = `${isCluster ? 'a cluster needs' : 'Pollcast needs'} Redis ${leastMajor}.${leastMinor} or later`;
    throw new UnmetNeedError('no_command', `Redis is of release ${version}: ${needed}`);
  }
}

function fieldOf(info: string, name: string): string | null {
  return new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1] ?? null;
}
