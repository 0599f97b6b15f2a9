import { hash, randomUUID } from 'node:crypto';
import { Cluster } from 'ioredis';
import type { Clock } from '#core';
import type { RedisClient } from './connection.js';
import { Gathering, type GatheringBounds } from './gathering.js';
import type { Keys } from './keys.js';
import { CONNECTIONS_KEPT_MS } from './script-constants.js';
import { Scripts } from './scripts.js';

/** A gateway that has not renewed its lease for this long (ms) is gone, and what it had is not counted any more. */
const GATEWAY_LEASE_MS = 3000;
/**
 * How connections are counted together. All of one call go on in one tick, and deliveries wait for them: 16 are as many as begin
 * in one turn of the event loop. On a cluster, the keys of two subjects are in two slots.
 */
const TOGETHER: GatheringBounds = { most: 16, calls: 1 };
const TOGETHER_ON_CLUSTER: GatheringBounds = { most: 1, calls: 16 };
/** The list of gateways outlives the last renewal by this, ms. */
const GATEWAYS_KEPT_MS = 600_000;

export interface ConnectionCountsParts {
  readonly commands: RedisClient;
  /** A connection that is kept subscribed. */
  readonly subscriber: RedisClient;
  readonly keys: Keys;
  readonly clock: Clock;
}

/** A connection to be counted. */
interface Added {
  readonly key: string;
  /** How many this gateway has without it. */
  readonly own: number;
  readonly most: number;
}

/** A subject that has as many connections as it may have, and which of its clients waits. */
interface FullSubject {
  readonly gateway: string;
  readonly subject: string;
  readonly client: string | null;
}

/**
 * How many connections each subject has on each gateway: one hash per subject. One lease per gateway covers all of its
 * numbers, so that a renewal costs one command, whatever the number of clients. Keys contain the digest of a subject,
 * because a subject may be long, and it may be the name of a person.
 */
export class RedisConnectionCounts {
  private readonly scripts: Scripts<'connect'>;
  private living: Promise<ReadonlySet<string>> | null = null;
  private readonly process = randomUUID();
  private renewalFailures = 0;
  /** The id before that: what was told under it is not counted any more. */
  private former: string | null = null;
  private isListed = false;
  private isPresent = false;
  private readonly adding: Gathering<Added, readonly string[]>;

  constructor(private readonly parts: ConnectionCountsParts) {
    this.scripts = new Scripts(parts.commands, ['connect'], {});
    const bounds = parts.commands instanceof Cluster ? TOGETHER_ON_CLUSTER : TOGETHER;
    this.adding = new Gathering(bounds, (added) => this.connect(added, []));
  }

  /** Id of this gateway: another one after each renewal that failed. */
  private get gateway(): string {
    return `${this.process}/${this.renewalFailures}`;
  }

  /**
   * Counts one more connection, if there are fewer than `most` on all gateways.
   *
   * @param own how many this gateway has without it
   * @returns whether it is counted @throws what Redis answers, or a timeout
   */
  async add(subject: string, own: number, most: number): Promise<boolean> {
    const added = { key: this.keyOf(subject), own, most };
    const others = await this.adding.ask(added);
    if (others.length === 0) {
      return true;
    }
    const living = await this.livingGateways();
    const ended = others.filter((gateway) => !living.has(gateway));
    const [left] = ended.length === 0 ? [] : await this.connect([added], ended);
    return left?.length === 0;
  }

  /** How many this gateway has, from now on. @throws what Redis answers, or a timeout */
  async set(subject: string, own: number): Promise<void> {
    const { commands } = this.parts;
    const key = this.keyOf(subject);
    this.adding.askAll(); // A number of an earlier moment must not follow this one.
    if (own === 0) {
      await commands.hdel(key, this.gateway);
    } else {
      await Promise.all([commands.hset(key, this.gateway, own), commands.pexpire(key, CONNECTIONS_KEPT_MS)]);
    }
  }

  /**
   * Renews the lease of this gateway. To be called every second.
   *
   * @returns false if every number has to be set again: the lease had ended, Redis lost its data, or a renewal failed
   * @throws what Redis answers, or a timeout
   */
  async renew(): Promise<boolean> {
    const { commands, keys, clock } = this.parts;
    const until = Math.round(clock.now()) + GATEWAY_LEASE_MS;
    try {
      await this.becomePresent();
      const [added] = await Promise.all([
        commands.zadd(keys.gateways, until, this.gateway),
        commands.pexpire(keys.gateways, GATEWAYS_KEPT_MS),
        ...(this.former === null ? [] : [commands.zrem(keys.gateways, this.former)]),
      ]);
      this.isListed = true;
      this.former = null;
      return Number(added) === 0;
    } catch (error) {
      // Numbers may be lost, or arrive late. So all are written again under another id, and those of the old id end.
      this.former = this.isListed ? this.gateway : this.former;
      this.isListed = false;
      this.renewalFailures += 1;
      throw error;
    }
  }

  /**
   * Ends the lease of this gateway. Its connections are not counted any more.
   *
   * @throws what Redis answers, or a timeout
   */
  async leave(): Promise<void> {
    await this.parts.commands.zrem(this.parts.keys.gateways, this.gateway);
  }

  /** Tells the other gateways that a client waits for its subject to have fewer connections. @throws as {@link add} */
  async tellFull(subject: string, client: string | null): Promise<void> {
    const { commands, keys } = this.parts;
    const full: FullSubject = { gateway: this.gateway, subject, client };
    await commands.publish(keys.fullChannel, JSON.stringify(full));
  }

  /** @param listener called when another gateway calls {@link tellFull} @throws as {@link add} */
  async listen(listener: (subject: string, client: string | null) => void): Promise<void> {
    const { subscriber, keys } = this.parts;
    await subscriber.subscribe(keys.fullChannel);
    subscriber.on('message', (channel: string, text: string) => {
      if (channel === keys.fullChannel) {
        const full = JSON.parse(text) as FullSubject;
        if (full.gateway !== this.gateway) {
          listener(full.subject, full.client);
        }
      }
    });
  }

  /** @returns of each the other gateways that have connections of the subject; none where it is counted */
  private async connect(added: readonly Added[], ended: readonly string[]): Promise<readonly (readonly string[])[]> {
    const keys = added.map(({ key }) => key);
    const own = added.map((one) => one.own);
    const most = added.map((one) => one.most);
    const args = { gateway: this.gateway, own, most, ended };
    return (await this.scripts.run('connect', keys, args)) as string[][];
  }

  /** Subscribed before its lease begins: a gateway without a subscriber is taken for one that was killed. */
  private async becomePresent(): Promise<void> {
    if (!this.isPresent) {
      await this.parts.subscriber.subscribe(this.parts.keys.presenceChannel(this.process));
      this.isPresent = true; // After a lost connection, ioredis subscribes again.
    }
  }

  /** Gateways whose lease has not ended. All that ask at the same time share one answer. */
  private livingGateways(): Promise<ReadonlySet<string>> {
    this.living ??= this.readLiving().finally(() => (this.living = null));
    return this.living;
  }

  private async readLiving(): Promise<ReadonlySet<string>> {
    const { commands, keys, clock } = this.parts;
    // A gateway that is removed from the list learns at its next renewal that its numbers are lost.
    await commands.zremrangebyscore(keys.gateways, '-inf', Math.round(clock.now()));
    const listed = await commands.zrange(keys.gateways, '0', '-1');
    const killed = await this.withoutSubscriber(listed);
    if (killed.length > 0) {
      await commands.zrem(keys.gateways, ...killed);
    }
    return new Set(listed.filter((gateway) => !killed.includes(gateway)));
  }

  /**
   * A killed gateway loses its connections at once, and its clients come back before its lease ends. On a cluster, a node
   * knows of its own subscribers only: there, the lease decides.
   */
  private async withoutSubscriber(gateways: readonly string[]): Promise<string[]> {
    const { commands, keys } = this.parts;
    if (gateways.length === 0 || commands instanceof Cluster) {
      return [];
    }
    const channels = gateways.map((gateway) => keys.presenceChannel(gateway.slice(0, this.process.length)));
    const answer = (await commands.call('PUBSUB', 'NUMSUB', ...channels)) as (string | number)[];
    return gateways.filter((_gateway, at) => Number(answer[2 * at + 1]) === 0);
  }

  private keyOf(subject: string): string {
    return this.parts.keys.connections(hash('sha256', subject, 'base64url'));
  }
}
