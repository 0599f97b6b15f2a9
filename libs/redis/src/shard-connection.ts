import type { Redis } from 'ioredis';

import { inTime, parts } from './channel-subscriptions.js';
import { readMessages } from './message-reader.js';

/** The listener of a {@link ShardConnection}. */
export interface ShardConnectionListener {
  received(channel: string, text: string): void;
  /**
   * The node has ended subscriptions by itself, because a slot was moved away from it. Called at most once per tick.
   */
  doubted(): void;
  ended(): void;
}

/**
 * The sharded channels of one node of a cluster, on a connection of their own. It does not connect again: another node may
 * have the channels by then.
 */
export class ShardConnection {
  private hasEnded = false;
  private isDoubted = false;
  /** Commands that are sent and not answered; commands that were sent at all. */
  private inFlight = 0;
  private sent = 0;

  constructor(
    readonly address: string,
    private readonly client: Redis,
    private readonly listener: ShardConnectionListener,
  ) {
    client.on('error', () => undefined); // The callers that wait for an answer get the error.
    readMessages(client);
    client.on('smessage', (channel: string, text: string) => listener.received(channel, text));
    // ioredis emits this for a `sunsubscribe` that the node sends by itself, once per channel.
    client.on('moved', () => this.doubt());
    client.on('end', () => {
      this.hasEnded = true;
      listener.ended();
    });
  }

  get isOpen(): boolean {
    return !this.hasEnded;
  }

  /** @throws if the node does not own the slot (`MOVED slot host:port`), or does not answer in time */
  async subscribe(channels: readonly string[]): Promise<void> {
    await Promise.all(parts(channels).map((part) => this.send(this.client.ssubscribe(...part))));
  }

  async unsubscribe(channels: readonly string[]): Promise<void> {
    await Promise.all(parts(channels).map((part) => this.send(this.client.sunsubscribe(...part))));
  }

  /**
   * How many channels of this connection the node counts; null if another command is on its way, because then the
   * number may be wrong.
   *
   * @param channel one that is subscribed
   * @throws what {@link subscribe} throws
   */
  async count(channel: string): Promise<number | null> {
    if (this.inFlight > 0) {
      return null;
    }
    const asked = this.send(this.client.ssubscribe(channel));
    const { sent } = this;
    const count = Number(await asked);
    return sent === this.sent ? count : null;
  }

  /** Closes it. The listener is told. */
  close(): void {
    this.client.disconnect();
  }

  private async send(command: Promise<unknown>): Promise<unknown> {
    this.inFlight += 1;
    this.sent += 1;
    try {
      return await inTime(command);
    } finally {
      this.inFlight -= 1;
    }
  }

  private doubt(): void {
    if (!this.isDoubted) {
      this.isDoubted = true;
      setImmediate(() => {
        this.isDoubted = false;
        this.listener.doubted();
      });
    }
  }
}
