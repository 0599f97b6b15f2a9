import { createHash } from 'node:crypto';
import type { Clock, FeedKey, OlderOutcome, OlderWant } from '#core';
import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';
import { OLDER_KEPT_MS } from './script-constants.js';
import { Scripts } from './scripts.js';

/** A longer part is not kept, bytes. Those who asked for it are told that the answer of the upstream is malformed. */
const PART_MAX_BYTES = 4_194_304;
/** How long a failure is kept at most, ms: those who ask meanwhile share it. */
const FAILURE_KEPT_MS = 5000;

interface Kept {
  readonly until: number;
  readonly outcome: OlderOutcome;
}

/** Name of a part in Redis, and of the job that asks for it. No `:`, and no number: BullMQ refuses both. */
export function partName(feed: FeedKey, { caseId, before, type }: OlderWant): string {
  const digest = createHash('sha256').update(JSON.stringify([feed, caseId, before, type]));
  return `part-${digest.digest('base64url')}`;
}

/** Parts that were asked for a short time ago, for all gateways: keep-older.lua. */
export class OlderParts {
  private readonly scripts: Scripts<'keep-older'>;

  constructor(
    private readonly client: RedisClient,
    private readonly keys: Keys,
    private readonly clock: Clock,
  ) {
    this.scripts = new Scripts(client, ['keep-older'], {});
  }

  /** @throws if Redis is out of reach */
  async find(name: string): Promise<OlderOutcome | null> {
    const text = await this.client.hget(this.keys.older[1], name);
    const kept = text === null ? null : (JSON.parse(text) as Kept);
    return kept !== null && kept.until > this.clock.now() ? kept.outcome : null;
  }

  /** @throws if Redis is out of reach */
  async keep(name: string, outcome: OlderOutcome): Promise<void> {
    const now = Math.round(this.clock.now());
    const keptMs = outcome.kind === 'part' ? OLDER_KEPT_MS : Math.min(outcome.retryMs, FAILURE_KEPT_MS);
    const text = JSON.stringify({ until: now + keptMs, outcome } satisfies Kept);
    if (Buffer.byteLength(text) > PART_MAX_BYTES) {
      return this.keep(name, { kind: 'failed', code: 'malformed', retryMs: FAILURE_KEPT_MS });
    }
    await this.scripts.run('keep-older', this.keys.older, { now, name, text });
  }
}
