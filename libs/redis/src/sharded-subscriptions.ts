import type { Cluster, Redis } from 'ioredis';

import {
  CHECK_EVERY_MS,
  inTime,
  type ChannelSubscriptions,
  type SubscriptionsListener,
} from './channel-subscriptions.js';
import { movedTo, ShardChannels, type ShardNodes } from './shard-channels.js';
import { ShardConnection } from './shard-connection.js';

/**
 * The channels that a gateway is subscribed to on a cluster. A channel is on the node that has the slot of its hash tag, and
 * that node changes: a slot is moved, a replica takes over. Nothing that a client library remembers of the cluster is
 * trusted here: a channel counts as subscribed when the node that has its slot has accepted it. Every {@link CHECK_EVERY_MS} each
 * node is asked how many channels it counts.
 *
 * `interrupted` is called when a node does not count a channel any more, before the channel is asked for again.
 */
export class ShardedSubscriptions implements ChannelSubscriptions, ShardNodes {
  /** By hash tag. */
  private readonly shards = new Map<string, ShardChannels>();
  /** By address. */
  private readonly connections = new Map<string, ShardConnection>();
  private readonly timer: NodeJS.Timeout;
  private isStopped = false;

  /** @param cluster names the nodes, and how to connect to them */
  constructor(
    private readonly cluster: Cluster,
    private readonly listener: SubscriptionsListener,
  ) {
    this.timer = setInterval(() => {
      [...this.shards.keys()].forEach((tag) => this.forget(tag));
      this.connections.forEach((connection) => this.check(connection));
    }, CHECK_EVERY_MS);
    this.timer.unref();
  }

  async add(channels: readonly string[]): Promise<void> {
    await Promise.all([...byTag(channels)].map(([tag, tagged]) => this.addTo(tag, tagged)));
  }

  async remove(channels: readonly string[]): Promise<void> {
    await Promise.all([...byTag(channels)].map(([tag, tagged]) => this.removeFrom(tag, tagged)));
  }

  async whole(channels: readonly string[]): Promise<void> {
    await Promise.all([...byTag(channels).keys()].map((tag) => this.proven(this.shards.get(tag))));
  }

  stop(): void {
    this.isStopped = true;
    clearInterval(this.timer);
    this.shards.forEach((shard) => shard.stop());
    this.connections.forEach((connection) => connection.close());
  }

  to(address: string | null): ShardConnection {
    const nodes = this.cluster.nodes('all');
    const known = nodes.find((node) => addressOf(node) === address) ?? anyOf(nodes);
    const chosen = address ?? addressOf(known);
    const open = this.connections.get(chosen);
    if (open?.isOpen) {
      return open;
    }
    const port = Number(chosen.slice(chosen.lastIndexOf(':') + 1));
    const client = known.duplicate({
      host: chosen.slice(0, chosen.lastIndexOf(':')),
      port,
      readOnly: false,
      lazyConnect: false,
      retryStrategy: null,
      connectionName: 'pollcast-channels',
    });
    const connection: ShardConnection = new ShardConnection(chosen, client, {
      received: (channel, text) => this.listener.received(channel, text),
      doubted: () => this.ask(connection),
      ended: () => this.ended(connection),
    });
    this.connections.set(chosen, connection);
    return connection;
  }

  private async addTo(tag: string, channels: readonly string[]): Promise<void> {
    const shard = this.shards.get(tag) ?? new ShardChannels(this, this.listener);
    this.shards.set(tag, shard);
    const fresh = shard.want(channels);
    try {
      await this.proven(shard);
    } catch (error) {
      // A node may still accept the channels later. The failure is told by the exception.
      this.removeFrom(tag, fresh).catch(() => undefined);
      throw error;
    }
  }

  private async removeFrom(tag: string, channels: readonly string[]): Promise<void> {
    const shard = this.shards.get(tag);
    const dropping = shard?.drop(channels);
    this.forget(tag);
    await dropping;
  }

  private forget(tag: string): void {
    if (this.shards.get(tag)?.isOver) {
      this.shards.delete(tag);
    }
  }

  private async proven(shard: ShardChannels | undefined): Promise<void> {
    if (shard) {
      await inTime(shard.prove(), () => `no node of the cluster accepts a channel: ${shard.lastError || 'no answer'}`);
    }
  }

  /** Compares what a node counts with what it accepted. A connection that differs is not trusted any more. */
  private check(connection: ShardConnection): void {
    const { address } = connection;
    const sample = [...this.shards.values()].map((shard) => shard.sampleOf(address)).find(Boolean);
    if (sample === undefined) {
      return;
    }
    connection.count(sample).then(
      (count) => {
        if (count !== null && count !== this.acceptedBy(address)) {
          this.listener.failed(
            new Error(`a node of the cluster counts ${count} channels, not ${this.acceptedBy(address)}`),
          );
          connection.close();
        }
      },
      (error: Error) => {
        if (movedTo(error, address) === null) {
          this.listener.failed(error);
          connection.close(); // It is dead: nothing was answered in time.
        } else {
          this.ask(connection);
        }
      },
    );
  }

  /** Asks the node for one channel of each hash tag: has its slot been moved? */
  private ask(connection: ShardConnection): void {
    const { address } = connection;
    const asked = [...this.shards.values()].map(async (shard) => {
      const sample = shard.sampleOf(address);
      try {
        await connection.subscribe(sample === undefined ? [] : [sample]);
      } catch (error) {
        const node = movedTo(error as Error, address);
        if (node === null) {
          this.listener.failed(error as Error);
          connection.close();
        } else if (shard.sampleOf(address) !== undefined) {
          this.listener.interrupted();
          shard.lost(node);
        }
      }
    });
    // Only the number tells of a slot that was moved away and back.
    void Promise.all(asked).then(() => this.check(connection));
  }

  private ended(connection: ShardConnection): void {
    const { address } = connection;
    if (this.connections.get(address) === connection) {
      this.connections.delete(address);
    }
    const lost = [...this.shards.values()].filter((shard) => shard.acceptedBy(address) > 0);
    if (lost.length > 0 && !this.isStopped) {
      this.listener.interrupted();
      lost.forEach((shard) => shard.lost(null));
    }
  }

  private acceptedBy(address: string): number {
    return [...this.shards.values()].reduce((sum, shard) => sum + shard.acceptedBy(address), 0);
  }
}

/** Channels by their hash tag. One without a tag is alone. */
function byTag(channels: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const channel of channels) {
    const [, tag = channel] = /\{([^}]+)\}/.exec(channel) ?? [];
    const group = groups.get(tag);
    if (group) {
      group.push(channel);
    } else {
      groups.set(tag, [channel]);
    }
  }
  return groups;
}

function addressOf(node: Redis): string {
  return `${node.options.host}:${node.options.port}`;
}

function anyOf(nodes: readonly Redis[]): Redis {
  const node = nodes[Math.floor(Math.random() * nodes.length)];
  if (node === undefined) {
    throw new Error('no node of the cluster is known');
  }
  return node;
}
