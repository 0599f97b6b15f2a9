import { setTimeout as delay } from 'node:timers/promises';

import { UpstreamFailure, type AttemptOutcome, type Clock, type CredentialAttempts } from '#core';

/** The outcome of an attempt, for a log line and a metric. `withheld`: it was not made, because too many were refused. */
export type CredentialsOutcome = 'accepted' | 'refused' | 'withheld' | 'failed';

/** Called with each outcome. The text names statuses and settings, never a secret. */
export type OnCredentials = (outcome: CredentialsOutcome, text: string) => void;

export interface GuardedAttemptsParts {
  readonly attempts: CredentialAttempts;
  /** Digest of the credentials. */
  readonly credentials: () => Promise<string>;
  readonly clock: Clock;
  /** Longest attempt, ms. */
  readonly endsWithinMs: number;
  /** Names of the settings to check after a refusal. */
  readonly settings: string;
  readonly onCredentials: OnCredentials;
}

/** Pause before the next request for an attempt while other workers try, ms. */
const BUSY_MS = 200;

/** Tries credentials, unless they were refused too often in the whole deployment. */
export class GuardedAttempts {
  private digest: Promise<string> | null = null;

  constructor(private readonly parts: GuardedAttemptsParts) {}

  /**
   * Waits while other workers try.
   *
   * @param attempt fails with `unauthorized` if the credentials were refused
   * @throws {UpstreamFailure} of the attempt; `unauthorized` if it may not be made; what the store throws
   */
  async run<T>(attempt: () => Promise<T>): Promise<T> {
    const { attempts, clock, onCredentials, settings } = this.parts;
    const digest = await this.credentials();
    const name = await this.granted(digest);
    let outcome: AttemptOutcome = 'unknown';
    try {
      const result = await attempt();
      outcome = 'accepted';
      onCredentials('accepted', 'accepted');
      return result;
    } catch (error) {
      const text = error instanceof UpstreamFailure ? error.message : 'no answer';
      if (error instanceof UpstreamFailure && error.code === 'unauthorized') {
        outcome = 'refused';
        onCredentials('refused', `${text}: refused, look at ${settings}`);
      } else {
        onCredentials('failed', text);
      }
      throw error;
    } finally {
      // A store that is out of reach is reported elsewhere. It forgets the attempt by itself, and an issued token is still
      // good.
      await attempts.end(digest, name, outcome, clock.now()).catch(() => undefined);
    }
  }

  /** Makes the digest once. */
  private credentials(): Promise<string> {
    this.digest ??= this.parts.credentials().catch((error: unknown) => {
      this.digest = null;
      throw error;
    });
    return this.digest;
  }

  private async granted(digest: string): Promise<string> {
    const { attempts, clock, endsWithinMs, settings, onCredentials } = this.parts;
    for (;;) {
      const permit = await attempts.begin(digest, clock.now(), endsWithinMs);
      switch (permit.kind) {
        case 'granted':
          return permit.attempt;
        case 'busy':
          await delay(BUSY_MS);
          continue;
        case 'withheld': {
          const seconds = Math.ceil(permit.ms / 1000);
          const text = `not tried for up to ${seconds} s, too many were refused: look at ${settings}`;
          onCredentials('withheld', text);
          throw new UpstreamFailure('unauthorized', text);
        }
      }
    }
  }
}
