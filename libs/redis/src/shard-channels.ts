import type { SubscriptionsListener } from './channel-subscriptions.js';
import { reconnectDelay } from './connection.js';
import type { ShardConnection } from './shard-connection.js';

/** How a {@link ShardChannels} reaches the nodes of the cluster. */
export interface ShardNodes {
  /** @param address `host:port`, or null for any node: one that has not the slot names the node that has it */
  to(address: string | null): ShardConnection;
}

/** A node that names another one is followed at once so many times in a row. Then there is a pause, as after an error. */
const REDIRECTIONS_AT_ONCE = 4;

/**
 * Channels that have one hash tag, and so are on one node of the cluster: the channels of one feed. The node that has their
 * slot accepts a subscription; any other refuses it and names the node as far as it knows. So the channels are asked for
 * until a node accepts them, with a pause between two attempts of at most a second.
 */
export class ShardChannels {
  /** Wanted channels that no node has accepted yet. */
  private readonly pending = new Set<string>();
  /** Wanted channels that {@link node} has accepted. */
  private readonly accepted = new Set<string>();
  /** `host:port` of the node that has the slot, as far as is known. */
  private node: string | null = null;
  private proving: Promise<void> | null = null;
  private losses = 0;
  private isStopped = false;
  /** Why the last attempt failed. */
  lastError = '';

  constructor(
    private readonly nodes: ShardNodes,
    private readonly listener: Pick<SubscriptionsListener, 'interrupted' | 'failed'>,
  ) {}

  /** No channel is wanted, and no subscription is on its way that would have to be ended. */
  get isOver(): boolean {
    return this.pending.size + this.accepted.size === 0 && this.proving === null;
  }

  /** How many channels a node has accepted. */
  acceptedBy(address: string): number {
    return this.node === address ? this.accepted.size : 0;
  }

  /** A channel that a node has accepted. */
  sampleOf(address: string): string | undefined {
    return this.node === address ? this.accepted.values().next().value : undefined;
  }

  /** @returns those that were not wanted before */
  want(channels: readonly string[]): string[] {
    const fresh = channels.filter((channel) => !this.isWanted(channel));
    fresh.forEach((channel) => this.pending.add(channel));
    return fresh;
  }

  async drop(channels: readonly string[]): Promise<void> {
    channels.forEach((channel) => this.pending.delete(channel));
    const accepted = channels.filter((channel) => this.accepted.delete(channel));
    const { node } = this;
    if (accepted.length > 0 && node !== null) {
      await this.nodes
        .to(node)
        .unsubscribe(accepted)
        .catch((error: Error) => {
          // A node that the slot was moved away from has ended the subscriptions itself.
          if (movedTo(error, node) === null) throw error;
        });
    }
  }

  /** Resolves when the node that has the slot has accepted every channel. It never rejects. */
  prove(): Promise<void> {
    if (this.pending.size === 0) {
      return Promise.resolve();
    }
    this.proving ??= this.proveAll().finally(() => (this.proving = null));
    return this.proving;
  }

  /** The node does not count these channels any more. @param node who has their slot now, as far as is known */
  lost(node: string | null): void {
    this.forget(node);
    void this.prove();
  }

  stop(): void {
    this.isStopped = true;
  }

  private forget(node: string | null): void {
    this.losses += 1;
    this.node = node;
    this.accepted.forEach((channel) => this.pending.add(channel));
    this.accepted.clear();
  }

  private isWanted(channel: string): boolean {
    return this.pending.has(channel) || this.accepted.has(channel);
  }

  private async proveAll(): Promise<void> {
    let failures = 0;
    let redirections = 0;
    while (this.pending.size > 0 && !this.isStopped) {
      try {
        await this.ask([...this.pending]);
      } catch (error) {
        const isMoved = this.follow(error as Error);
        if (isMoved && (redirections += 1) % REDIRECTIONS_AT_ONCE > 0) {
          continue;
        }
        this.lastError = (error as Error).message;
        if (failures === 0) {
          this.listener.failed(error as Error);
        }
        await pause(reconnectDelay((failures += 1)));
      }
    }
  }

  /** @returns whether the node has named another one */
  private follow(error: Error): boolean {
    const node = movedTo(error, this.node);
    if (node !== null && this.accepted.size > 0) {
      this.listener.interrupted(); // The slot was moved away, with the channels that the node had accepted.
      this.forget(node);
    } else if (this.accepted.size === 0) {
      this.node = node;
    }
    return node !== null;
  }

  private async ask(channels: readonly string[]): Promise<void> {
    const { losses } = this;
    const connection = this.nodes.to(this.node);
    this.node = connection.address;
    await connection.subscribe(channels);
    if (losses !== this.losses) {
      return; // The answer is older than the loss.
    }
    const dropped: string[] = [];
    for (const channel of channels) {
      if (this.pending.delete(channel)) {
        this.accepted.add(channel);
      } else if (!this.accepted.has(channel)) {
        dropped.push(channel);
      }
    }
    await connection.unsubscribe(dropped);
  }
}

/** The node that an answer names as the one that has the slot: `MOVED slot host:port`; without a host it is the same host. */
export function movedTo({ message }: Error, from: string | null): string | null {
  const [, host = '', port] = /^MOVED \d+ (.*):(\d+)$/.exec(message) ?? [];
  if (port === undefined) {
    return null;
  }
  const own = from?.slice(0, from.lastIndexOf(':'));
  return host === '' && own === undefined ? null : `${host === '' ? own : host}:${port}`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
