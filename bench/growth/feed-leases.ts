import { feedKey, Interest, type Feed } from '#core';
import { BullPollQueue, connectRedis, Keys, RedisClock, RedisInterestRegistry, type RedisClient } from '#redis';

/** One ticket per feed, unless others are named. */
const TICKETS = ['TICKET-1'];

/** Feeds that begin at once. */
const AT_ONCE = 200;

/** A gateway without clients, with the same tickets in each of its feeds. */
export class FeedLeases {
  readonly keys = new Keys('pollcast');
  private readonly interest: Interest;
  private timer: NodeJS.Timeout | undefined;
  /** Renewals that failed: those of the end may. */
  failed = 0;
  private renewal: Promise<void> = Promise.resolve();

  private constructor(
    readonly commands: RedisClient,
    private readonly bull: RedisClient,
    private readonly clock: RedisClock,
    private readonly registry: RedisInterestRegistry,
    queue: BullPollQueue,
    private readonly lingerMs: number,
    private readonly tickets: readonly string[],
  ) {
    this.interest = new Interest({ registry, queue, clock }, lingerMs);
  }

  static async start(
    redisUrl: string,
    intervalMs: number,
    lingerMs: number,
    tickets: readonly string[] = TICKETS,
  ): Promise<FeedLeases> {
    const settings = { redisUrl, redisPrefix: 'pollcast' };
    const fail = (error: Error) => {
      throw error;
    };
    const commands = connectRedis(settings, 'patient', fail, { enableAutoPipelining: true });
    const bull = connectRedis(settings, 'patient', fail);
    const keys = new Keys('pollcast');
    const clock = new RedisClock(commands, fail);
    await clock.start();
    const bounds = {
      historyMaxEvents: 1000,
      historyTtlS: 86_400,
      upstreamMaxCaseIds: 100,
      pollIntervalMs: intervalMs,
    };
    const registry = new RedisInterestRegistry(commands, keys, bounds);
    const queue = new BullPollQueue(bull, keys, clock, fail);
    return new FeedLeases(commands, bull, clock, registry, queue, lingerMs, tickets);
  }

  /** Wants the tickets of each feed, and renews the leases from then on. @returns ms that it took */
  async want(feeds: readonly Feed[]): Promise<number> {
    const beganAt = performance.now();
    for (let start = 0; start < feeds.length; start += AT_ONCE) {
      await Promise.all(feeds.slice(start, start + AT_ONCE).map((feed) => this.interest.acquire(feed, this.tickets)));
    }
    this.timer ??= setInterval(() => void this.renew().catch(() => this.failed++), this.lingerMs / 3);
    return performance.now() - beganAt;
  }

  /** Wants tickets like a gateway that dies before it wakes their sets. */
  async wantWithoutJobs(feeds: readonly Feed[]): Promise<void> {
    const now = this.clock.now();
    const until = now + this.lingerMs;
    await Promise.all(feeds.map((feed) => this.registry.want(feedKey(feed), this.tickets, now, until, 'arrival')));
  }

  /** @returns ms that a renewal of all leases takes */
  async renew(): Promise<number> {
    const beganAt = performance.now();
    this.renewal = this.interest.renew();
    await this.renewal;
    return performance.now() - beganAt;
  }

  /** Renews nothing any more. @returns when the last lease ends, ms since 1970 */
  async endRenewing(): Promise<number> {
    clearInterval(this.timer);
    await this.renewal;
    await this.renew();
    return Date.now() + this.lingerMs;
  }

  /** How many of the feeds have a set. */
  async withSets(feeds: readonly Feed[]): Promise<number> {
    const found = feeds.map((feed) => this.commands.exists(`${this.keys.base(feedKey(feed))}sizes`));
    return (await Promise.all(found)).reduce((sum, one) => sum + one, 0);
  }

  stop(): void {
    clearInterval(this.timer);
    this.clock.stop();
    [this.commands, this.bull].forEach((connection) => connection.disconnect());
  }
}
