import { randomUUID } from 'node:crypto';
import type { Clock } from '#core';
import { COMMAND_TIMEOUT_MS, type RedisClient } from './connection.js';
import type { Keys } from './keys.js';
import { Scripts } from './scripts.js';

/** Field of the hash that names its state (lua/revoke.lua). No revocation has this id. */
const STAMP = '#';
/** Fields that one call reads, about. It bounds how long Redis is blocked. */
const CALL_FIELDS = 500;
/** Revocations that one call writes. */
const CALL_ENTRIES = 100;
/** Redis carries nothing out later than this after it was asked, ms: sooner than its caller gives up. */
const WITHIN_MS = COMMAND_TIMEOUT_MS - 500;
/** Redis keeps the list for this long after its last revocation has ended, ms: clocks may differ. */
const KEPT_ON_MS = 60_000;

/** A revocation as Redis keeps it. */
export interface RevocationEntry {
  readonly id: string;
  /** What the gateways write and read. Redis does not look into it. */
  readonly text: string;
}

export interface RevocationsParts {
  readonly commands: RedisClient;
  /** A connection that is kept subscribed. */
  readonly subscriber: RedisClient;
  readonly keys: Keys;
  readonly clock: Clock;
}

/** The revocations of a deployment: one hash. Every change gives it another stamp, and is told to all gateways. */
export class RedisRevocations {
  private readonly scripts: Scripts<'revoke'>;

  constructor(private readonly parts: RevocationsParts) {
    this.scripts = new Scripts(parts.commands, ['revoke'], {});
  }

  /**
   * Writes revocations, and tells every gateway. A call that is refused, or that fails, takes no effect later either.
   *
   * @param most how many there may be
   * @param keptUntil when the last of these ends, ms since 1970
   * @returns whether there was room
   * @throws what Redis answers, or a timeout
   */
  async write(entries: readonly RevocationEntry[], most: number, keptUntil: number): Promise<boolean> {
    const { keys, clock } = this.parts;
    for (let at = 0; at < entries.length; at += CALL_ENTRIES) {
      const part = entries.slice(at, at + CALL_ENTRIES);
      const answer = await this.scripts.run('revoke', [keys.revocations], {
        entries: part,
        most,
        latest: Math.round(clock.now()) + WITHIN_MS,
        keptUntil: Math.round(keptUntil) + KEPT_ON_MS,
        stamp: randomUUID(),
        channel: keys.revokedChannel,
        message: JSON.stringify(part.map(({ text }) => text)),
      });
      if (answer === 'late') {
        throw new Error('Redis got the revocation too late, and did not carry it out');
      }
      if (answer === 'full') {
        return false;
      }
    }
    return true;
  }

  /** Another one after each change; null if there is no list. @throws what Redis answers, or a timeout */
  stamp(): Promise<string | null> {
    return this.parts.commands.hget(this.parts.keys.revocations, STAMP);
  }

  /** All revocations. @throws what Redis answers, or a timeout */
  async all(): Promise<RevocationEntry[]> {
    const { commands, keys } = this.parts;
    const texts = new Map<string, string>();
    let cursor = '0';
    do {
      const [next, fields] = await commands.hscan(keys.revocations, cursor, 'COUNT', CALL_FIELDS);
      for (let at = 0; at < fields.length; at += 2) {
        texts.set(fields[at] ?? '', fields[at + 1] ?? '');
      }
      cursor = next;
    } while (cursor !== '0');
    texts.delete(STAMP);
    return [...texts].map(([id, text]) => ({ id, text }));
  }

  /** Removes revocations that have ended. @throws what Redis answers, or a timeout */
  async forget(ids: readonly string[]): Promise<void> {
    const { commands, keys } = this.parts;
    for (let at = 0; at < ids.length; at += CALL_FIELDS) {
      await commands.hdel(keys.revocations, ...ids.slice(at, at + CALL_FIELDS));
    }
  }

  /** @param heard called with the texts that a gateway has written @throws what Redis answers, or a timeout */
  async listen(heard: (texts: readonly string[]) => void): Promise<void> {
    const { subscriber, keys } = this.parts;
    await subscriber.subscribe(keys.revokedChannel); // After a lost connection, ioredis subscribes again.
    subscriber.on('message', (channel: string, message: string) => {
      if (channel === keys.revokedChannel) {
        heard(JSON.parse(message) as string[]);
      }
    });
  }
}
