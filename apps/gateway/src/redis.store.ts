import { randomUUID } from 'node:crypto';
import { RedisReport, FailureLog, type GatewaySettings, type OnFailure } from '#ops';
import {
  BullPollQueue,
  connectQueue,
  connectRedis,
  EvictionWatch,
  Keys,
  NeedsWatch,
  OperatorActions,
  OperatorReads,
  Survey,
  RedisBroker,
  RedisClock,
  RedisConnectionCounts,
  RedisInterestRegistry,
  RedisOffers,
  RedisOlderMessages,
  RedisUnreadStore,
  RedisPositionSecrets,
  RedisRevocations,
  DataLossWatch,
  OverviewWatch,
  PingWatch,
  type Overview,
  type RedisBrokerParts,
  redisFailureOf,
  redisHosts,
  serverIdentity,
  type RedisClient,
} from '#redis';
import type { Logger } from 'pino';
import type { OperatorStore } from './admin/operator-store.js';
import { GatewayStore } from './gateway.store.js';

/** Hears how Redis does. */
export interface RedisStoreListener {
  /** A publication was heard. @param ms since the upstream's answer */
  readonly onHeard: (ms: number) => void;
  /** The trace of a publication that has one. */
  readonly onTraced?: RedisBrokerParts['onTraced'];
  /** @param ms that a ping took; null: there was no answer */
  readonly onPing: (ms: number | null) => void;
}

/** The store in Redis. It has three connections: commands, Pub/Sub, BullMQ. */
export class RedisStore extends GatewayStore {
  readonly broker: RedisBroker;
  readonly registry: RedisInterestRegistry;
  readonly queue: BullPollQueue;
  readonly older: RedisOlderMessages;
  readonly unread: RedisUnreadStore;
  readonly clock: RedisClock;
  readonly counts: RedisConnectionCounts;
  readonly offers: RedisOffers;
  readonly revocations: RedisRevocations;
  readonly operators: OperatorStore;
  private readonly dataLoss: DataLossWatch;
  private readonly evictions: EvictionWatch;
  private readonly overview: OverviewWatch;
  private readonly pings: PingWatch;
  private readonly needs: NeedsWatch;
  private readonly secrets: RedisPositionSecrets;
  private readonly commands: RedisClient;
  private readonly subscriber: RedisClient;
  private readonly bull: RedisClient;
  private readonly report: RedisReport;
  private readonly failures: FailureLog;

  constructor(
    settings: GatewaySettings,
    private readonly logger: Logger,
    { onHeard, onTraced, onPing }: RedisStoreListener,
  ) {
    super();
    this.report = new RedisReport({
      logger,
      redis: redisHosts(settings.redisUrl),
      answers: () => this.commands.ping(),
    });
    this.failures = new FailureLog(logger, this.report, (error) => redisFailureOf(error, settings.redisPrefix));
    const onError = this.failures.of('redis');
    const keys = new Keys(settings.redisPrefix);
    this.commands = connectRedis(settings, 'impatient', onError, { enableAutoPipelining: true });
    this.subscriber = connectRedis(settings, 'impatient', onError);
    this.bull = connectQueue(settings, onError);
    this.clock = new RedisClock(this.commands, onError);
    this.dataLoss = new DataLossWatch(this.commands, keys, onError);
    this.evictions = new EvictionWatch(this.commands, onError);
    this.pings = new PingWatch(this.commands);
    const connections = { commands: this.commands, subscriber: this.subscriber };
    this.needs = new NeedsWatch({ ...connections, keys, hearsShards: true, onError });
    this.overview = new OverviewWatch({
      client: this.commands,
      keys,
      clock: this.clock,
      maxCaseIds: settings.upstreamMaxCaseIds,
      onError,
    });
    this.secrets = new RedisPositionSecrets(this.commands, keys, onError);
    this.registry = new RedisInterestRegistry(this.commands, keys, settings);
    this.queue = new BullPollQueue(this.bull, keys, this.clock, onError);
    const { commands, subscriber, clock, bull } = this;
    this.unread = new RedisUnreadStore(commands, keys, clock, settings);
    this.older = new RedisOlderMessages({ commands, bull, keys, clock, onError });
    this.counts = new RedisConnectionCounts({ commands, subscriber, keys, clock });
    this.offers = new RedisOffers({ commands, keys, clock });
    this.revocations = new RedisRevocations({ commands, subscriber, keys, clock });
    this.operators = {
      reads: new OperatorReads(commands, keys),
      actions: new OperatorActions(commands, keys, settings),
      bull: () => this.queue.bull,
      survey: (participant, onError) => new Survey({ commands, subscriber, keys }, participant, onError),
    };
    const gateway = randomUUID();
    const hears = { onHeard, ...(onTraced && { onTraced }) };
    this.broker = new RedisBroker({ commands, subscriber, keys, clock, gateway, onError, ...hears }, settings);
    this.pings.watch(onPing);
  }

  get positionSecrets(): readonly string[] {
    return this.secrets.positionSecrets;
  }

  async start(): Promise<void> {
    await this.needs.check();
    await this.clock.start();
    await this.secrets.start();
    this.needs.watch();
    await serverIdentity(this.commands).then(
      (server) => this.logger.info({ ...server }, 'Redis answers'),
      this.failures.of('redis'),
    );
  }

  watchDataLoss(forgot: () => Promise<void>): void {
    this.dataLoss.watch(forgot);
  }

  watchEviction(onPolicy: (policy: string | null) => void): void {
    this.evictions.watch(onPolicy);
  }

  watchOverview(report: (overview: Overview) => void): void {
    this.overview.watch(report);
  }

  onFailure(...of: Parameters<FailureLog['of']>): OnFailure {
    return this.failures.of(...of);
  }

  async isWell(): Promise<boolean> {
    return this.needs.areMet && !this.report.isRefusing && (await this.commands.ping()) === 'PONG';
  }

  async stop(): Promise<void> {
    this.report.stop();
    this.clock.stop();
    this.dataLoss.stop();
    this.evictions.stop();
    this.overview.stop();
    this.pings.stop();
    this.needs.stop();
    this.secrets.stop();
    this.broker.stop();
    this.counts.leave().catch(() => undefined); // Without it, what this gateway had ends some seconds later.
    await Promise.all([this.queue.close(), this.older.close()]);
    [this.commands, this.subscriber, this.bull].forEach((client) => client.disconnect());
  }
}
