import type { Redis } from 'ioredis';

import {
  CHECK_EVERY_MS,
  inTime,
  parts,
  type ChannelSubscriptions,
  type SubscriptionsListener,
} from './channel-subscriptions.js';
import { readMessages } from './message-reader.js';

const STOPPED = 'the subscribed Redis connection is not used any more';

/**
 * The channels that one connection to a single server is subscribed to. They are subscribed again after every lost
 * connection. `interrupted` is called when the connection is lost, not when it is back: what arrives while only some
 * channels are subscribed may be incomplete.
 */
export class Subscriptions implements ChannelSubscriptions {
  private readonly channels = new Set<string>();
  /** Resolves once the channels are subscribed to (again); pending from the moment the connection is lost. */
  private restored: Promise<void> = Promise.resolve();
  private restoring: { readonly finish: () => void; readonly fail: (error: Error) => void } | null = null;
  private isStopped = false;
  private readonly underway = new Set<Promise<unknown>>();
  private readonly pinger: NodeJS.Timeout;

  constructor(
    private readonly client: Redis,
    private readonly listener: SubscriptionsListener,
  ) {
    readMessages(client);
    client.on('message', (channel: string, text: string) => listener.received(channel, text));
    client.on('close', () => {
      this.awaitRestoring();
      listener.interrupted();
    });
    client.on('ready', () => this.restore());
    this.pinger = setInterval(() => this.ping(), CHECK_EVERY_MS);
    this.pinger.unref();
  }

  async add(channels: readonly string[]): Promise<void> {
    const fresh = channels.filter((channel) => !this.channels.has(channel));
    fresh.forEach((channel) => this.channels.add(channel));
    const adding = this.subscribe(fresh);
    this.underway.add(adding);
    try {
      // Wait for the others, too: a channel that is not new may have been added a moment ago and not be confirmed yet.
      await inTime(Promise.all(this.underway));
    } catch (error) {
      fresh.forEach((channel) => this.channels.delete(channel));
      // Redis may still confirm the channels later. The failure is told by the exception.
      this.unsubscribe(fresh).catch(() => undefined);
      throw error;
    } finally {
      this.underway.delete(adding);
    }
  }

  async remove(channels: readonly string[]): Promise<void> {
    const known = channels.filter((channel) => this.channels.delete(channel));
    await inTime(this.unsubscribe(known));
  }

  whole(): Promise<void> {
    return inTime(this.restored);
  }

  /** Rejects what waits for channels to be subscribed to again. */
  stop(): void {
    this.isStopped = true;
    clearInterval(this.pinger);
    this.restoring?.fail(new Error(STOPPED));
  }

  private subscribe(channels: readonly string[]): Promise<unknown> {
    return Promise.all(parts(channels).map((part) => this.client.subscribe(...part)));
  }

  private unsubscribe(channels: readonly string[]): Promise<unknown> {
    return Promise.all(parts(channels).map((part) => this.client.unsubscribe(...part)));
  }

  /** Until then no history is read: its barrier would not arrive. */
  private awaitRestoring(): void {
    if (this.restoring === null) {
      this.restored = new Promise((finish, fail) => (this.restoring = { finish, fail }));
      this.restored.catch(() => undefined); // Perhaps nobody waits. A caller that waits gets the error.
    }
    if (this.isStopped) {
      this.restoring?.fail(new Error(STOPPED));
    }
  }

  private restore(): void {
    this.subscribe([...this.channels]).then(
      () => {
        this.restoring?.finish();
        this.restoring = null;
      },
      (error: Error) => this.listener.failed(error), // The connection was lost again, and will be restored again.
    );
  }

  /** A connection that does not answer is closed, and then connects again. */
  private ping(): void {
    if (this.client.status === 'ready') {
      inTime(this.client.ping()).catch((error: Error) => {
        this.listener.failed(error);
        this.client.disconnect(true);
      });
    }
  }
}
