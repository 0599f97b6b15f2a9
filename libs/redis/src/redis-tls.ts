import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';

/** Files for TLS to Redis, in PEM; empty: none. */
export interface RedisTlsFiles {
  /** `REDIS_TLS_CA_FILE`: the authorities that Redis is trusted by, in place of those of Node. */
  readonly redisTlsCaFile?: string;
  /** `REDIS_TLS_CERT_FILE`, `REDIS_TLS_KEY_FILE`: the certificate of this client, and its key. */
  readonly redisTlsCertFile?: string;
  readonly redisTlsKeyFile?: string;
}

/** @throws if a file cannot be read: settings are checked when they are read */
export function redisTls({ redisTlsCaFile, redisTlsCertFile, redisTlsKeyFile }: RedisTlsFiles): ConnectionOptions {
  return {
    ...(redisTlsCaFile && { ca: readFileSync(redisTlsCaFile) }),
    ...(redisTlsCertFile && { cert: readFileSync(redisTlsCertFile) }),
    ...(redisTlsKeyFile && { key: readFileSync(redisTlsKeyFile) }),
  };
}
