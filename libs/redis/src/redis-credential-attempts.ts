import { randomUUID } from 'node:crypto';

import {
  ATTEMPT_LIMITS,
  type AttemptOutcome,
  type AttemptPermit,
  type CredentialAttempts,
  type CredentialKind,
} from '#core';

import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';
import { Scripts } from './scripts.js';

/** What all workers know of refused credentials: begin-attempt.lua and end-attempt.lua. */
export class RedisCredentialAttempts implements CredentialAttempts {
  private readonly scripts: Scripts<'begin-attempt' | 'end-attempt'>;
  private readonly keys: readonly string[];
  private readonly refusals: number;
  private readonly window: number;

  constructor(client: RedisClient, keys: Keys, kind: CredentialKind) {
    this.scripts = new Scripts(client, ['begin-attempt', 'end-attempt'], {});
    this.keys = keys.attempts(kind);
    this.refusals = ATTEMPT_LIMITS[kind].refusals;
    this.window = ATTEMPT_LIMITS[kind].windowMs;
  }

  async begin(credentials: string, at: number, endsWithinMs: number): Promise<AttemptPermit> {
    const { refusals, window } = this;
    const [attempt, now] = [randomUUID(), Math.round(at)];
    const args = { credentials, attempt, now, countsUntil: now + endsWithinMs, refusals, window };
    const [kind, ms] = (await this.scripts.run('begin-attempt', this.keys, args)) as [string, number?];
    switch (kind) {
      case 'granted':
        return { kind, attempt };
      case 'withheld':
        return { kind, ms: Number(ms) };
      default:
        return { kind: 'busy' };
    }
  }

  async end(credentials: string, attempt: string, outcome: AttemptOutcome, now: number): Promise<void> {
    const args = { credentials, attempt, outcome, now: Math.round(now), window: this.window };
    await this.scripts.run('end-attempt', this.keys, args);
  }
}
