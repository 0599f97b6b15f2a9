import { setTimeout as delay } from 'node:timers/promises';

import { UpstreamFailure, type AttemptOutcome, type Clock, type CredentialAttempts } from '#core';

/** What becomes of credentials: for a log line and a metric. `withheld`: they were not tried, because too many were refused. */
export type CredentialsOutcome = 'accepted' | 'refused' | 'withheld' | 'failed';

/** Hears of each outcome. The text names statuses and settings, never a secret. */
export type OnCredentials = (outcome: CredentialsOutcome, text: string) => void;

export interface GuardedAttemptsParts {
  readonly attempts: CredentialAttempts;
  /** Digest of the credentials. */
  readonly credentials: () => Promise<string>;
  readonly clock: Clock;
  /** An attempt is over within that, ms. */
  readonly endsWithinMs: number;
  /** Which settings to look at when they are refused. */
  readonly settings: string;
  readonly onCredentials: OnCredentials;
}

/** How long to wait for others who try at this moment, ms. */
const BUSY_MS = 200;

/** Tries credentials, as long as the whole deployment has not been refused too often. */
export class GuardedAttempts {
  private digest: Promise<string> | null = null;

  constructor(private readonly parts: GuardedAttemptsParts) {}

  /**
   * Waits while others try.
   * @param attempt an `unauthorized` failure says that the credentials were refused
   * @throws {UpstreamFailure} of the attempt; `unauthorized` where it may not be made
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
      // Redis may be away by now, which is told elsewhere. The attempt is then forgotten by itself, and a token that was
      // granted is good all the same.
      await attempts.end(digest, name, outcome, clock.now()).catch(() => undefined);
    }
  }

  /** The digest is made once. A failure is not kept. */
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
