import { setTimeout as sleep } from 'node:timers/promises';

import { Redis } from 'ioredis';

import { until } from '../until.js';
import { freePort } from './ports.js';
import { RedisServer } from './redis-server.js';

/** Slots of every Redis Cluster. */
const SLOTS = 16_384;
/** Longest time until all nodes know each other and all slots are served, ms. */
const FORM_MS = 20_000;
/** A master that does not answer for this long (ms) is replaced by its replica, if it has one. */
const NODE_TIMEOUT_MS = 2000;
/** Longest answer of a node, ms. */
const VOTE_MS = 500;
/** Keys that one MIGRATE of `redis-cli --cluster reshard` moves. */
const MOVED_AT_ONCE = 10;

/** One node of a cluster. */
export interface ClusterNode {
  readonly server: RedisServer;
  readonly admin: Redis;
  /** Where it talks to other nodes. */
  readonly busPort: number;
  /** The name that the cluster has for it. */
  readonly id: string;
}

/** How a slot is moved. */
export interface Move {
  /** Keys that one MIGRATE moves; as many as redis-cli moves unless given. */
  readonly keysAtOnce?: number;
  /** Pause after each MIGRATE, ms. */
  readonly pauseMs?: number;
  /** Called with each state of the move, before it goes on. */
  readonly at?: (state: 'open' | 'moving' | 'moved') => Promise<void>;
}

/** A real Redis Cluster on 127.0.0.1. Its masters share the slots evenly; each has one replica, or none. */
export class RedisCluster {
  private constructor(
    readonly masters: readonly ClusterNode[],
    readonly replicas: readonly ClusterNode[],
  ) {}

  static async start(options: { readonly masters?: number; readonly replicas?: boolean } = {}): Promise<RedisCluster> {
    const { masters = 3, replicas = false } = options;
    const nodes = await Promise.all(Array.from({ length: replicas ? 2 * masters : masters }, startNode));
    const cluster = new RedisCluster(nodes.slice(0, masters), nodes.slice(masters));
    try {
      await cluster.form();
    } catch (error) {
      await cluster.dispose();
      throw error;
    }
    return cluster;
  }

  get nodes(): readonly ClusterNode[] {
    return [...this.masters, ...this.replicas];
  }

  /** `REDIS_URL`: all masters, for a user who may do everything. */
  get url(): string {
    return this.masters.map(({ server }) => server.url).join();
  }

  /** The same for a user with the rights that OPERATIONS.md names. */
  get limitedUrl(): string {
    return this.masters.map(({ server }) => server.limitedUrl).join();
  }

  async slotOf(key: string): Promise<number> {
    return this.first.admin.cluster('KEYSLOT', key);
  }

  /** The master that owns a slot, as most of the nodes that run see it. */
  async masterOf(slot: number): Promise<ClusterNode> {
    const running = this.nodes.filter(({ server }) => server.pid > 0);
    const votes = (await Promise.all(running.map((node) => this.vote(node, slot)))).filter((id) => id !== undefined);
    const count = (id: string) => votes.filter((vote) => vote === id).length;
    const [elected] = votes.sort((a, b) => count(b) - count(a));
    const master = this.nodes.find(({ id }) => id === elected);
    if (master === undefined) throw new Error(`nobody owns slot ${slot}`);
    return master;
  }

  /** A master that does not own a slot. */
  async other(slot: number): Promise<ClusterNode> {
    const master = await this.masterOf(slot);
    const other = this.masters.find((node) => node !== master && node.server.pid > 0);
    if (other === undefined) throw new Error('there is no other master');
    return other;
  }

  /**
   * Moves a slot and its keys as the Redis documentation describes it. Only the two nodes are told: others hear of it from
   * them.
   *
   * @throws Error where a key cannot be moved
   */
  async move(
    slot: number,
    target: ClusterNode,
    { keysAtOnce = MOVED_AT_ONCE, pauseMs = 0, at }: Move = {},
  ): Promise<void> {
    const source = await this.masterOf(slot);
    await target.admin.cluster('SETSLOT', slot, 'IMPORTING', source.id);
    await source.admin.cluster('SETSLOT', slot, 'MIGRATING', target.id);
    await at?.('open');
    for (;;) {
      const keys = await source.admin.cluster('GETKEYSINSLOT', slot, keysAtOnce);
      if (keys.length === 0) break;
      await source.admin.call('MIGRATE', '127.0.0.1', target.server.port, '', 0, 5000, 'KEYS', ...keys);
      await at?.('moving');
      await sleep(pauseMs);
    }
    await at?.('moved');
    for (const { admin } of [target, source]) await admin.cluster('SETSLOT', slot, 'NODE', target.id);
  }

  async dispose(): Promise<void> {
    this.nodes.forEach(({ admin }) => admin.disconnect());
    await Promise.all(this.nodes.map(({ server }) => server.dispose()));
  }

  /** The id of the master that owns a slot as one node sees it; undefined where it does not answer. */
  private async vote({ admin }: ClusterNode, slot: number): Promise<string | undefined> {
    const rows = await Promise.race([admin.cluster('SLOTS'), sleep(VOTE_MS, [])]);
    return rows.find(([from, to]) => from <= slot && slot <= to)?.[2]?.[2];
  }

  private get first(): ClusterNode {
    const [first] = this.masters;
    if (first === undefined) throw new Error('the cluster has no master');
    return first;
  }

  private async form(): Promise<void> {
    const { masters, first } = this;
    const share = Math.ceil(SLOTS / masters.length);
    await Promise.all(this.nodes.map(({ admin }, index) => admin.cluster('SET-CONFIG-EPOCH', index + 1)));
    await Promise.all(
      masters.map(({ admin }, index) =>
        admin.call('CLUSTER', 'ADDSLOTSRANGE', index * share, Math.min(SLOTS, (index + 1) * share) - 1),
      ),
    );
    for (const { server, busPort } of this.nodes) {
      if (server !== first.server) await first.admin.call('CLUSTER', 'MEET', '127.0.0.1', server.port, busPort);
    }
    await this.each(`cluster_known_nodes:${this.nodes.length}`);
    await Promise.all(
      this.replicas.map(async ({ admin }, index) => admin.cluster('REPLICATE', masters[index]?.id ?? '')),
    );
    await this.each('cluster_state:ok', `cluster_size:${masters.length}`);
  }

  /** Waits until every node says all of these facts. */
  private async each(...facts: readonly string[]): Promise<void> {
    await until(
      async () => {
        const infos = await Promise.all(this.nodes.map(({ admin }) => admin.cluster('INFO')));
        return infos.every((info) => facts.every((fact) => info.includes(fact)));
      },
      FORM_MS,
      `each node to say ${facts.join(', ')}`,
    );
  }
}

async function startNode(): Promise<ClusterNode> {
  const busPort = await freePort();
  const server = await RedisServer.start(
    ...['--cluster-enabled', 'yes', '--cluster-port', String(busPort)],
    ...['--cluster-node-timeout', String(NODE_TIMEOUT_MS), '--cluster-require-full-coverage', 'no'],
    ...['--repl-diskless-sync-delay', '0'],
  );
  const admin = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 100 });
  admin.on('error', () => undefined); // A run kills nodes, so errors are expected.
  return { server, admin, busPort, id: await admin.cluster('MYID') };
}
