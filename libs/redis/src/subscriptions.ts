import { Cluster, type Redis } from 'ioredis';

import { COMMAND_TIMEOUT_MS, type RedisClient } from './connection.js';

export interface SubscriptionsListener {
  received(channel: string, text: string): void;
  /** Something may have been published that was not received. */
  interrupted(): void;
  failed(error: Error): void;
}

/** How many channels one command names. */
const COMMAND_CHANNELS = 1000;

/** Time between two pings of a subscribed connection, ms. Without them a dead connection looks like a silent one. */
const PING_EVERY_MS = 3000;

/**
 * The channels that one connection is subscribed to. They are subscribed again after every lost connection. `interrupted` is
 * called when the connection is lost, not when it is back: what arrives while only some channels are subscribed may be
 * incomplete.
 */
export class Subscriptions {
  private readonly channels = new Set<string>();
  /** Resolves once the channels are subscribed to (again); pending from the moment the connection is lost. */
  private restored: Promise<void> = Promise.resolve();
  private finishRestoring: (() => void) | null = null;
  private readonly underway = new Set<Promise<unknown>>();
  private readonly pinger: NodeJS.Timeout;

  constructor(
    private readonly client: RedisClient,
    private readonly listener: SubscriptionsListener,
  ) {
    if (client instanceof Cluster) {
      // The cluster client subscribes again by itself. Messages may be lost when the topology changes.
      client.on('smessage', (channel: string, text: string) => listener.received(channel, text));
      client.on('-node', () => listener.interrupted());
      client.on('+node', () => listener.interrupted());
    } else {
      client.on('message', (channel: string, text: string) => listener.received(channel, text));
      client.on('close', () => {
        this.awaitRestoring();
        listener.interrupted();
      });
      client.on('ready', () => this.restore());
    }
    this.pinger = setInterval(() => this.ping(), PING_EVERY_MS);
    this.pinger.unref();
  }

  /** @throws when Redis does not confirm in time */
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

  /** Resolves once all channels are subscribed. @throws if they are not in time */
  whole(): Promise<void> {
    return inTime(this.restored);
  }

  stop(): void {
    clearInterval(this.pinger);
  }

  private subscribe(channels: readonly string[]): Promise<unknown> {
    return Promise.all(
      parts(channels).map((part) =>
        this.client instanceof Cluster ? this.client.ssubscribe(...part) : this.client.subscribe(...part),
      ),
    );
  }

  private unsubscribe(channels: readonly string[]): Promise<unknown> {
    return Promise.all(
      parts(channels).map((part) =>
        this.client instanceof Cluster ? this.client.sunsubscribe(...part) : this.client.unsubscribe(...part),
      ),
    );
  }

  /** Until then no history is read: its barrier would not arrive. */
  private awaitRestoring(): void {
    if (this.finishRestoring === null) {
      this.restored = new Promise((resolve) => (this.finishRestoring = resolve));
    }
  }

  private restore(): void {
    this.subscribe([...this.channels]).then(
      () => {
        this.finishRestoring?.();
        this.finishRestoring = null;
      },
      (error: Error) => this.listener.failed(error), // The connection was lost again, and will be restored again.
    );
  }

  /** A connection that does not answer is closed, and then connects again. */
  private ping(): void {
    if (!(this.client instanceof Cluster) && this.client.status === 'ready') {
      const client: Redis = this.client;
      inTime(client.ping()).catch((error: Error) => {
        this.listener.failed(error);
        client.disconnect(true);
      });
    }
  }
}

/** All parts are sent at once: if a channel is removed and added again, Redis must get the commands in that order. */
function parts(channels: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(channels.length / COMMAND_CHANNELS) }, (_, part) =>
    channels.slice(part * COMMAND_CHANNELS, (part + 1) * COMMAND_CHANNELS),
  );
}

async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('Redis did not answer in time')), COMMAND_TIMEOUT_MS);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
