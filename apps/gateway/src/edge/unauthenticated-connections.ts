import type { UnauthenticatedMetrics } from '#ops';

/** Bytes that a client may send before it has shown a token: the longest token (16 KiB), and 4 KiB for the rest. */
export const UNAUTHENTICATED_MAX_BYTES = 20_480;
/** How long a client may take to show a token once it has begun to ask for something, ms. */
export const UNAUTHENTICATED_MS = 10_000;

/** Why a connection without a token was ended: it took too long, it sent too much, or there were too many of them. */
export type CutReason = 'slow' | 'large' | 'crowded';

/** A connection that has shown no token yet. */
export interface Unauthenticated {
  /** When it is ended, milliseconds since 1970. */
  readonly endsAt: number;
  /** Ends it. */
  cut(reason: CutReason): void;
}

/**
 * All connections that have shown no token yet: TCP connections, and sessions of long polling. When there is one too
 * many, the oldest is ended: an honest client shows its token within milliseconds, so that the oldest ones wait for
 * nothing. One sweep looks at all of them, so that none has a timer of its own.
 */
export class UnauthenticatedConnections {
  /** The one that did something last is the last one. */
  private readonly waiting = new Map<object, Unauthenticated>();

  constructor(
    /** `MAX_UNAUTHENTICATED_CONNECTIONS` */
    private readonly max: number,
    private readonly metrics: UnauthenticatedMetrics,
  ) {}

  get count(): number {
    return this.waiting.size;
  }

  get(key: object): Unauthenticated | undefined {
    return this.waiting.get(key);
  }

  /** Counts a connection, as the newest one. */
  add(key: object, connection: Unauthenticated): void {
    this.waiting.delete(key);
    this.waiting.set(key, connection);
    if (this.waiting.size > this.max) {
      const [oldest] = this.waiting.keys();
      this.cut(oldest ?? key, 'crowded');
    }
  }

  /** The connection has shown a token, or is gone. */
  remove(key: object): void {
    this.waiting.delete(key);
  }

  cut(key: object, reason: CutReason): void {
    const connection = this.waiting.get(key);
    if (connection !== undefined) {
      this.waiting.delete(key);
      this.metrics.cut(reason);
      connection.cut(reason);
    }
  }

  /** Called once a second. */
  sweep(now: number): void {
    for (const [key, { endsAt }] of this.waiting) {
      if (now >= endsAt) {
        this.cut(key, 'slow');
      }
    }
    this.metrics.waiting(this.waiting.size);
  }
}
