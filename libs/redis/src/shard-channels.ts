import { reconnectDelay } from './connection.js';
import type { ShardConnection } from './shard-connection.js';

/** How a {@link ShardChannels} gets at the nodes of the cluster. */
export interface ShardNodes {
  /** @param address `host:port`, or null for any node: one that does not own a slot names the node that does */
  to(address: string | null): ShardConnection;
}

/** A node that names another one is followed at once so many times in a row. Then there is a pause, as after an error. */
const REDIRECTIONS_AT_ONCE = 4;

/**
 * Channels that have one hash tag, and so are on one node of the cluster: the channels of one feed. The node that owns
 * their slot accepts a subscription; any other refuses it and names the owner as far as it knows. So the channels are asked
 * for until a node accepts them, with a pause between two attempts of at most a second.
 */
export class ShardChannels {
  private readonly wanted = new Set<string>();
  /** Those of {@link wanted} that the node {@link owner} has accepted. */
  private readonly accepted = new Set<string>();
  private owner: string | null = null;
  private proving: Promise<void> | null = null;
  private losses = 0;
  private isStopped = false;
  /** Why the last attempt failed. */
  trouble = '';

  constructor(
    private readonly nodes: ShardNodes,
    private readonly onError: (error: Error) => void,
  ) {}

  /** Nobody wants a channel, and no subscription is under way that would have to be ended. */
  get isOver(): boolean {
    return this.wanted.size === 0 && this.proving === null;
  }

  get channels(): readonly string[] {
    return [...this.wanted];
  }

  /** How many channels a node has accepted. */
  acceptedBy(address: string): number {
    return this.owner === address ? this.accepted.size : 0;
  }

  /** A channel that a node has accepted. */
  sampleOf(address: string): string | undefined {
    return this.owner === address ? this.accepted.values().next().value : undefined;
  }

  /** @returns those that were not wanted before */
  want(channels: readonly string[]): string[] {
    const fresh = channels.filter((channel) => !this.wanted.has(channel));
    fresh.forEach((channel) => this.wanted.add(channel));
    return fresh;
  }

  async drop(channels: readonly string[]): Promise<void> {
    const known = channels.filter((channel) => this.wanted.delete(channel));
    const accepted = known.filter((channel) => this.accepted.delete(channel));
    if (accepted.length > 0 && this.owner !== null) {
      const { owner } = this;
      await this.nodes
        .to(owner)
        .unsubscribe(accepted)
        .catch((error: Error) => {
          // A node that the slot was moved away from has ended the subscriptions itself.
          if (movedTo(error, owner) === null) throw error;
        });
    }
  }

  /** Resolves once the owner of the slot has accepted every channel. It does not give up. */
  prove(): Promise<void> {
    if (this.accepted.size === this.wanted.size) {
      return Promise.resolve();
    }
    this.proving ??= this.proveAll().finally(() => (this.proving = null));
    return this.proving;
  }

  /** The node does not count these channels any more. @param owner who has them now, as far as is known */
  lost(owner: string | null): void {
    this.losses += 1;
    this.owner = owner;
    this.accepted.clear();
    void this.prove();
  }

  stop(): void {
    this.isStopped = true;
  }

  private async proveAll(): Promise<void> {
    let failures = 0;
    for (let redirections = 0; !this.isStopped;) {
      const asked = this.channels.filter((channel) => !this.accepted.has(channel));
      if (asked.length === 0) {
        return;
      }
      try {
        await this.ask(asked);
      } catch (error) {
        const owner = movedTo(error as Error, this.owner);
        this.owner = owner;
        if (owner !== null && (redirections += 1) % REDIRECTIONS_AT_ONCE > 0) {
          continue;
        }
        this.trouble = (error as Error).message;
        if (failures === 0) {
          this.onError(error as Error);
        }
        await pause(reconnectDelay((failures += 1)));
      }
    }
  }

  private async ask(channels: readonly string[]): Promise<void> {
    const { losses } = this;
    const connection = this.nodes.to(this.owner);
    this.owner = connection.address;
    await connection.subscribe(channels);
    if (losses !== this.losses) {
      return; // The answer is older than the loss.
    }
    channels.filter((channel) => this.wanted.has(channel)).forEach((channel) => this.accepted.add(channel));
    const dropped = channels.filter((channel) => !this.wanted.has(channel));
    await connection.unsubscribe(dropped);
  }
}

/** The node that an answer names as the owner of the slot: `MOVED slot host:port`; without a host it is the same host. */
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
