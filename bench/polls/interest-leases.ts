import { feedKey, Interest, type CaseId } from '#core';
import { BullPollQueue, connectRedis, Keys, RedisClock, RedisInterestRegistry, type RedisClient } from '#redis';

const FEED = { language: 'zh-cn' };

/** Gateways without clients. They take and renew interest leases as real gateways do. */
export class InterestLeases {
  private readonly interests: Interest[];
  private timer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly connections: readonly RedisClient[],
    private readonly clock: RedisClock,
    registry: RedisInterestRegistry,
    queue: BullPollQueue,
    gateways: number,
    lingerMs: number,
  ) {
    const parts = { registry, queue, clock };
    this.interests = Array.from({ length: gateways }, () => new Interest(parts, lingerMs));
  }

  static async start(
    redisUrl: string,
    gateways: number,
    setSize: number,
    intervalMs: number,
    lingerMs = 30_000,
  ): Promise<InterestLeases> {
    const settings = { redisUrl, redisPrefix: 'pollcast' };
    const fail = (error: Error) => {
      throw error;
    };
    const commands = connectRedis(settings, 'impatient', fail);
    const bull = connectRedis(settings, 'patient', fail);
    const keys = new Keys('pollcast');
    const clock = new RedisClock(commands, fail);
    await clock.start();
    const bounds = {
      historyMaxEvents: 1000,
      historyTtlS: 86_400,
      upstreamMaxCaseIds: setSize,
      pollIntervalMs: intervalMs,
    };
    const registry = new RedisInterestRegistry(commands, keys, bounds);
    const queue = new BullPollQueue(bull, keys, clock, fail);
    const leases = new InterestLeases([commands, bull], clock, registry, queue, gateways, lingerMs);
    leases.timer = setInterval(() => void Promise.all(leases.interests.map((one) => one.renew())), lingerMs / 3);
    return leases;
  }

  /** Every gateway wants all of these tickets. */
  async want(caseIds: readonly CaseId[]): Promise<void> {
    for (const interest of this.interests) {
      await interest.acquire(FEED, caseIds);
    }
  }

  /** `clients` clients, each at one of the gateways, want `each` tickets, drawn at random from all of these. */
  async wantAtRandom(clients: number, each: number, caseIds: readonly CaseId[]): Promise<void> {
    for (let client = 0; client < clients; client += 1) {
      const wanted = new Set<CaseId>();
      while (wanted.size < each) {
        wanted.add(caseIds[Math.floor(Math.random() * caseIds.length)] ?? '');
      }
      await this.interests[client % this.interests.length]?.acquire(FEED, [...wanted]);
    }
  }

  async drop(caseIds: readonly CaseId[]): Promise<void> {
    for (const interest of this.interests) {
      await interest.release(FEED, caseIds);
    }
  }

  /** Number of tickets that are polled at the moment, those in their linger time included. */
  async placed(): Promise<number> {
    return this.connections[0]?.hlen(`${new Keys('pollcast').base(feedKey(FEED))}place`) ?? 0;
  }

  stop(): void {
    clearInterval(this.timer);
    this.clock.stop();
    this.connections.forEach((connection) => connection.disconnect());
  }
}

export function tickets(count: number, from = 0): CaseId[] {
  return Array.from({ length: count }, (_, at) => `TICKET-${String(from + at).padStart(8, '0')}`);
}
