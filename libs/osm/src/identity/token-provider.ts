import { UpstreamFailure, type Clock } from '#core';
import type { AuthHeaders, Authenticator, TokenValidity } from './authenticator.js';

const TOKEN_HEADER = 'x-auth-token';

/** A token that was just issued. */
export interface IssuedToken {
  readonly token: string;
  /** How long it is valid from now on, ms. */
  readonly lifetimeMs: number;
}

/** A token from the settings. There is no other one. */
export class StaticToken implements Authenticator {
  private readonly given: AuthHeaders;

  constructor(token: string) {
    this.given = { [TOKEN_HEADER]: token };
  }

  headers(): AuthHeaders {
    return this.given;
  }

  settled(): boolean {
    return false;
  }
}

interface HeldToken {
  readonly headers: AuthHeaders;
  /** All three in milliseconds since 1970. */
  readonly issuedAt: number;
  readonly renewAt: number;
  readonly expiresAt: number;
}

/**
 * A token is renewed after 80 to 90 % of its lifetime: early enough for an outage of IAM, and not by all workers at
 * once.
 */
const RENEW_AFTER = 0.8;
const RENEW_JITTER = 0.1;

/**
 * Waiting times between failed attempts, ms. They double from the first to the last; up to half is taken off at random.
 */
const BACKOFF_MIN_MS = 1000;
const BACKOFF_MAX_MS = 60_000;

/** If a token is refused sooner than this after it was issued, a new token may not help either, ms. */
const YOUNG_MS = 60_000;

/**
 * A token that is renewed before its end and after a 401, by one login for all polls that wait. While logins fail, the
 * old token is used until its end.
 */
export class RenewedToken implements Authenticator {
  private held: HeldToken | null = null;
  private login: Promise<AuthHeaders> | null = null;
  private loginFailure: unknown = null;
  private failedLogins = 0;
  private youngRejections = 0;
  /** Milliseconds since 1970; so is the next one. */
  private loginNotBefore = 0;
  private dropNotBefore = 0;

  /**
   * @param issue logs in
   * @param random a number in [0, 1) at each call
   */
  constructor(
    private readonly issue: () => Promise<IssuedToken>,
    private readonly clock: Clock,
    private readonly random: () => number,
  ) {}

  get token(): TokenValidity | null {
    return this.held;
  }

  headers(): AuthHeaders | Promise<AuthHeaders> {
    const now = this.clock.now();
    if (this.held === null || now >= this.held.expiresAt) {
      return this.renewed(now);
    }
    if (now >= this.held.renewAt && now >= this.loginNotBefore) {
      // No poll waits for this renewal. If it fails, it is tried again while the old token is valid.
      this.renewed(now).catch(() => undefined);
    }
    return this.held.headers;
  }

  async logIn(): Promise<void> {
    await this.headers();
  }

  settled(headers: AuthHeaders, failure: UpstreamFailure | null): boolean {
    return failure?.code === 'unauthorized' && this.dropped(headers);
  }

  /**
   * Drops the refused token, unless a newer one has replaced it already. If young tokens are refused repeatedly, the
   * token is not the only reason. Then it is kept for the polls that it still serves, and is dropped at growing
   * intervals.
   *
   * @returns whether there is a newer token, or may be one
   */
  private dropped(headers: AuthHeaders): boolean {
    const { held } = this;
    if (held === null || held.headers[TOKEN_HEADER] !== headers[TOKEN_HEADER]) {
      return true;
    }
    const now = this.clock.now();
    if (now < this.dropNotBefore) {
      return false;
    }
    this.youngRejections = now - held.issuedAt < YOUNG_MS ? this.youngRejections + 1 : 0;
    this.dropNotBefore = now + this.backoffMs(this.youngRejections);
    this.held = null;
    return true;
  }

  private renewed(now: number): Promise<AuthHeaders> {
    if (this.login === null && now < this.loginNotBefore) {
      const code = this.loginFailure instanceof UpstreamFailure ? this.loginFailure.code : 'unavailable';
      // No `retryAfterMs`: each set keeps its pace, so that a process with the right password finds it due soon.
      return Promise.reject(new UpstreamFailure(code, 'the last login failed and the next is not due yet'));
    }
    this.login ??= this.issueToken().finally(() => (this.login = null));
    return this.login;
  }

  private async issueToken(): Promise<AuthHeaders> {
    try {
      const { token, lifetimeMs } = await this.issue();
      const now = this.clock.now();
      const renewAfter = lifetimeMs * (RENEW_AFTER + RENEW_JITTER * this.random());
      const headers = { [TOKEN_HEADER]: token };
      this.held = { headers, issuedAt: now, renewAt: now + renewAfter, expiresAt: now + lifetimeMs };
      this.failedLogins = 0;
      return headers;
    } catch (error) {
      this.loginFailure = error;
      this.failedLogins += 1;
      this.loginNotBefore = this.clock.now() + this.backoffMs(this.failedLogins);
      throw error;
    }
  }

  /** The waiting time after `times` failed attempts, ms; 0 after none. */
  private backoffMs(times: number): number {
    const wanted = times === 0 ? 0 : Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** Math.min(times - 1, 10));
    return wanted * (1 - this.random() / 2);
  }
}
