import { randomUUID } from 'node:crypto';
import { type GatewaySettings } from '#ops';
import {
  BullPollQueue,
  connectRedis,
  Keys,
  RedisBroker,
  RedisClock,
  RedisInterestRegistry,
  RedisLife,
  type RedisClient,
} from '#redis';
import { GatewayStore } from './gateway.store.js';

/** The store in Redis, on three connections: commands, Pub/Sub, and BullMQ's own. */
export class RedisStore extends GatewayStore {
  readonly broker: RedisBroker;
  readonly registry: RedisInterestRegistry;
  readonly queue: BullPollQueue;
  readonly clock: RedisClock;
  private readonly life: RedisLife;
  private readonly commands: RedisClient;
  private readonly subscriber: RedisClient;
  private readonly bull: RedisClient;

  constructor(settings: GatewaySettings, onTrouble: (error: unknown) => void) {
    super();
    const keys = new Keys(settings.redisPrefix);
    this.commands = connectRedis(settings, 'impatient', onTrouble, { enableAutoPipelining: true });
    this.subscriber = connectRedis(settings, 'impatient', onTrouble);
    this.bull = connectRedis(settings, 'patient', onTrouble);
    this.clock = new RedisClock(this.commands, onTrouble);
    this.life = new RedisLife(this.commands, keys, onTrouble);
    this.registry = new RedisInterestRegistry(this.commands, keys, settings);
    this.queue = new BullPollQueue(this.bull, keys, this.clock, onTrouble);
    const { commands, subscriber, clock } = this;
    const gateway = randomUUID();
    this.broker = new RedisBroker({ commands, subscriber, keys, clock, gateway, onError: onTrouble }, settings);
  }

  start(): Promise<void> {
    return this.clock.start();
  }

  watchLife(forgot: () => Promise<void>): void {
    this.life.watch(forgot);
  }

  async isWell(): Promise<boolean> {
    return (await this.commands.ping()) === 'PONG';
  }

  async stop(): Promise<void> {
    this.clock.stop();
    this.life.stop();
    this.broker.stop();
    await this.queue.close();
    [this.commands, this.subscriber, this.bull].forEach((client) => client.disconnect());
  }
}
