import { createHash, randomUUID } from 'node:crypto';

import { Cluster } from 'ioredis';

import { inTime, subscribed } from './channel-subscriptions.js';
import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';
import { checkLayout } from './layout.js';
import { Scripts } from './scripts.js';
import { checkIdentity, serverIdentity } from './server-identity.js';
import { ShardedSubscriptions } from './sharded-subscriptions.js';

/** Time between two looks, ms: while all is well, and while it is not. */
const LOOK_MS = { well: 2000, unwell: 1000 } as const;
/** Time between two looks that try every command, ms. They write, and so they grow an append-only file. */
const THOROUGH_MS = 30_000;
/** What a process tries ends this long after it, ms. */
const KEPT_MS = 60_000;
/** Slots of a cluster in which commands are tried: enough to find most masters of a small one. */
const CLUSTER_TAGS = 8;
/** A look that takes longer has failed, ms. */
const LOOK_MAX_MS = 10_000;
const KINDS = ['text', 'hash', 'list', 'set', 'sorted', 'stream'];
const READ = `return redis.call('GET', KEYS[1])`;
const READ_SHA = createHash('sha1').update(READ).digest('hex');
/** In the script: what Redis answers where the user may not run the command. */
const DENIED = /NOPERM|ACL failure|can't run this command|can't access|can't publish/i;

export interface NeedsWatchParts {
  readonly commands: RedisClient;
  /** A connection that is kept subscribed. */
  readonly subscriber: RedisClient;
  readonly keys: Keys;
  /** Whether sharded channels are heard: a gateway does on a cluster. */
  readonly hearsShards: boolean;
  readonly onError: (error: unknown) => void;
}

/**
 * Tries what a program needs of Redis, at the start and every two seconds: that it is a Redis of a release that has all
 * commands, with the layout of keys of this release, that it runs scripts, writes, and delivers what is published. A
 * program that cannot do its work so knows before a client notices.
 */
export class NeedsWatch {
  private readonly scripts: Scripts<'try'>;
  private readonly id = randomUUID();
  private readonly shards: ShardedSubscriptions | null;
  /** What was published and not heard yet. */
  private readonly unheard = new Map<string, () => void>();
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private thoroughAt = Number.NEGATIVE_INFINITY;
  private met = false;
  private tokens = 0;

  constructor(private readonly parts: NeedsWatchParts) {
    const { commands, subscriber, hearsShards, onError } = parts;
    this.scripts = new Scripts(commands, ['try'], {});
    this.shards =
      hearsShards && subscriber instanceof Cluster
        ? new ShardedSubscriptions(subscriber, {
            received: (_, token) => this.heard(token),
            interrupted: () => undefined, // The next look finds it out.
            failed: onError,
          })
        : null;
  }

  /** Whether the last look found all that is needed. */
  get areMet(): boolean {
    return this.met;
  }

  /** Looks now. @throws {UnmetNeedError} or what Redis answers, or a timeout */
  async check(): Promise<void> {
    try {
      // A cluster client of which no node answers keeps its commands without a limit.
      await inTime(this.look(), undefined, LOOK_MAX_MS);
      this.met = true;
    } catch (error) {
      this.met = false;
      this.thoroughAt = Number.NEGATIVE_INFINITY;
      throw error;
    }
  }

  /** Looks regularly from now on. */
  watch(): void {
    const pauseMs = this.met ? LOOK_MS.well : LOOK_MS.unwell;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.check()
        .catch(this.parts.onError)
        .finally(() => !this.stopped && this.watch());
    }, pauseMs);
    this.timer.unref();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.shards?.stop();
  }

  private async look(): Promise<void> {
    const { commands, keys } = this.parts;
    const now = performance.now();
    const thorough = now - this.thoroughAt >= THOROUGH_MS;
    await this.checkServer();
    await checkLayout(commands, keys);
    const tags = Array.from({ length: commands instanceof Cluster ? CLUSTER_TAGS : 1 }, (_, tag) => tag);
    await Promise.all(tags.map((tag) => this.write(keys.trial(tag))));
    await Promise.all(tags.slice(1).map((tag) => this.tryCommands(tag, thorough)));
    await this.hear(thorough);
    this.thoroughAt = thorough ? now : this.thoroughAt;
  }

  private async checkServer(): Promise<void> {
    const { commands } = this.parts;
    checkIdentity(await serverIdentity(commands), commands instanceof Cluster);
  }

  /** With plain commands: only their refusal makes a client leave a server that has become a replica. */
  private async write(base: string): Promise<void> {
    const { commands } = this.parts;
    const key = `${base}by:${this.id}`;
    await commands.set(key, '1', 'PX', KEPT_MS);
    await commands.eval(READ, 1, key);
    await commands.evalsha(READ_SHA, 1, key).catch((error: Error) => {
      if (!error.message.startsWith('NOSCRIPT')) throw error; // The script cache was emptied a moment ago.
    });
  }

  private async tryCommands(tag: number, thorough: boolean, token = '-'): Promise<void> {
    const base = this.parts.keys.trial(tag);
    const keys = KINDS.map((kind) => base + kind);
    const args = { thorough, channel: this.channel(tag), token };
    const [command, error] = (await this.scripts.run('try', keys, args)) as string[];
    if (command !== undefined && error !== undefined) {
      throw refusal(command, error);
    }
  }

  /** Tries the commands, and waits until what they published is heard. */
  private async hear(thorough: boolean): Promise<void> {
    const { commands, subscriber } = this.parts;
    await inTime(subscribed(subscriber, this.channel(0), this.hearChannel));
    await this.shards?.add([this.channel(0)]);
    const published = this.shards !== null || !(commands instanceof Cluster);
    await this.untilHeard(published, (token) => this.tryCommands(0, thorough, token));
    if (commands instanceof Cluster) {
      await this.untilHeard(true, (token) => commands.publish(this.channel(0), token));
    }
  }

  private async untilHeard(waits: boolean, publish: (token: string) => Promise<unknown>): Promise<void> {
    const token = String((this.tokens += 1));
    const arrival = new Promise<void>((resolve) => this.unheard.set(token, resolve));
    try {
      await publish(token);
      await (waits ? inTime(arrival, () => 'Redis did not answer in time: what was published did not arrive') : null);
    } finally {
      this.unheard.delete(token);
    }
  }

  private readonly hearChannel = (channel: string, token: string): void => {
    if (channel === this.channel(0)) {
      this.heard(token);
    }
  };

  private heard(token: string): void {
    this.unheard.get(token)?.();
  }

  private channel(tag: number): string {
    return `${this.parts.keys.trial(tag)}by:${this.id}`;
  }
}

/** What a command in the script answered, as if it had been sent by itself. */
function refusal(command: string, error: string): Error {
  const name = command.toLowerCase();
  const text = error.replace(/^-/, '');
  const isDenied = DENIED.test(text);
  const isPattern = /\b(?:keys?|channels?)\b/.test(text);
  const denied = isPattern ? `NOPERM ${text}` : `NOPERM this user has no permissions to run the '${name}' command`;
  return Object.assign(new Error(isDenied ? denied : text), { name: 'ReplyError', command: { name } });
}
