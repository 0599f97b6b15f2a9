import { Cluster } from 'ioredis';

import type { RedisClient } from './connection.js';

/** What kind of server Redis is. */
export interface ServerIdentity {
  readonly kind: 'redis' | 'valkey';
  readonly version: string;
  /** `standalone`, `sentinel` or `cluster`, in the words of Redis. */
  readonly mode: string;
  /** Of a cluster. */
  readonly masters?: number;
}

/** Asks Redis what it is; of a cluster one node. @throws what Redis answers, or a timeout */
export async function serverIdentity(client: RedisClient): Promise<ServerIdentity> {
  const masters = client instanceof Cluster ? client.nodes('master') : null;
  const info = await (masters?.[0] ?? client).info('server');
  const valkey = fieldOf(info, 'valkey_version');
  return {
    kind: valkey === null ? 'redis' : 'valkey',
    version: valkey ?? fieldOf(info, 'redis_version') ?? 'unknown',
    mode: fieldOf(info, 'redis_mode') ?? 'unknown',
    ...(masters && { masters: masters.length }),
  };
}

function fieldOf(info: string, name: string): string | null {
  return new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1] ?? null;
}
