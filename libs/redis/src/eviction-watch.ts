import { Cluster } from 'ioredis';

import type { RedisClient } from './connection.js';

/** Time between two checks, ms. The policy may be changed while Redis runs. */
const CHECK_MS = 30_000;

/** Checks whether Redis may evict keys when its memory is full. Pollcast needs all of its keys. */
export class EvictionWatch {
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly client: RedisClient,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** @param report called at each check with the `maxmemory-policy` that evicts, of any node of a cluster, or null */
  watch(report: (policy: string | null) => void): void {
    this.evictingPolicy()
      .then(report)
      .catch(this.onError)
      .finally(() => {
        if (!this.stopped) {
          this.timer = setTimeout(() => this.watch(report), CHECK_MS);
          this.timer.unref();
        }
      });
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private async evictingPolicy(): Promise<string | null> {
    const nodes = this.client instanceof Cluster ? this.client.nodes('master') : [this.client];
    const infos = await Promise.all(nodes.map((node) => node.info('memory')));
    const policies = infos.map((info) => /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? 'noeviction');
    return policies.find((policy) => policy !== 'noeviction') ?? null;
  }
}
