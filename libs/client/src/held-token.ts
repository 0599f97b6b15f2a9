/** Longest delay of a timer in browsers, ms. */
const TIMER_MAX_MS = 2_147_483_647;
/** A token is renewed this long before its end, ms. */
const RENEW_AHEAD_MS = 30_000;
/** One that has ended, by the clock of this computer, is not asked for in a loop. */
const RENEW_SOONEST_MS = 1000;

/** The token of a client, and whether another one is wanted. */
export class HeldToken {
  /** Null before the first one, and where a cookie carries it. */
  value: string | null = null;
  /** A fresh one was asked for, and no connection has become live with it. */
  isFresh = false;
  /** The next one has to be another one: this one was refused, or ends soon. */
  wantsFresh = false;
  private used: string | null = null;

  take(value: string | null): void {
    this.value = value;
    this.isFresh = this.wantsFresh;
    this.wantsFresh = false;
  }

  /** The connection has to change over to it. */
  get isRenewed(): boolean {
    return this.value !== this.used;
  }

  /** @returns the token for a connection */
  use(): string | null {
    this.used = this.value;
    return this.value;
  }
}

/** When to renew a token, ms from now: half a minute before its end, or after half of a short life. */
export function renewalMs(leftMs: number): number {
  return Math.min(TIMER_MAX_MS, Math.max(leftMs - RENEW_AHEAD_MS, leftMs / 2, RENEW_SOONEST_MS));
}
