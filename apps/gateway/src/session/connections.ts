import { type CloseReason, Refusal, TOO_MANY_REQUESTS } from '#protocol';
import type { Rights } from '../auth/rights.js';
import { ClientSession, type SessionOwner, type SessionParts } from './client-session.js';
import type { Outlet } from './outlet.js';

/** A connection that is still open this long after `closing` is cut, ms: its client does not read. */
const CLOSE_GRACE_MS = 3000;
/** When a client may try again that had too many connections, ms. */
const TOO_MANY_RETRY_MS = 5000;

/**
 * All connections of this gateway, of both transports. One sweep checks all of them, so none has a timer of its own.
 */
export class Connections implements SessionOwner {
  private readonly open = new Set<ClientSession>();
  private readonly bySubject = new Map<string, number>();
  /** Connections that were sent `closing`, and when they are cut (ms since 1970). */
  private readonly leaving = new Map<Outlet, number>();

  constructor(
    private readonly parts: SessionParts,
    /** `MAX_CONNECTIONS_PER_SUBJECT` */
    private readonly maxPerSubject: number,
  ) {}

  /** Connections that are served. */
  get count(): number {
    return this.open.size;
  }

  /** Connections that are served, and those that were sent `closing` and are still open. */
  get remaining(): number {
    return this.open.size + this.leaving.size;
  }

  /** @throws {Refusal} if the subject has as many connections as it may have; without a subject there is no limit */
  admit({ subject }: Rights): void {
    if (subject !== null && (this.bySubject.get(subject) ?? 0) >= this.maxPerSubject) {
      throw new Refusal('too_many', `a subject has at most ${this.maxPerSubject} connections at once`, {
        status: TOO_MANY_REQUESTS,
        retryMs: TOO_MANY_RETRY_MS,
      });
    }
  }

  /** @throws {Refusal} as {@link admit} */
  add(rights: Rights, outlet: Outlet): ClientSession {
    this.admit(rights);
    const session = new ClientSession(rights, outlet, this.parts, this);
    this.open.add(session);
    this.parts.counters.opened(outlet.transport);
    this.countSubject(session.subject, 1);
    return session;
  }

  /** Removes a session whose connection is gone. */
  gone(session: ClientSession): void {
    session.end();
    if (this.leaving.delete(session.outlet)) {
      this.parts.counters.closed(session.outlet.transport);
    }
  }

  /** Called once a second. */
  sweep(now: number): void {
    this.parts.counters.flush();
    this.open.forEach((session) => session.check(now));
    for (const [outlet, until] of this.leaving) {
      if (now >= until) {
        outlet.destroy();
      }
    }
  }

  /** Called four times per heartbeat interval. */
  heartbeat(): void {
    this.open.forEach((session) => session.outlet.heartbeat());
  }

  /** Closes this many connections, the oldest first. */
  close(count: number, reason: CloseReason): void {
    let left = count;
    for (const session of this.open) {
      if (left <= 0) {
        return;
      }
      left -= 1;
      session.close(reason);
    }
  }

  /** Cuts all connections that are still open. */
  destroy(): void {
    this.open.forEach((session) => session.end());
    this.leaving.forEach((_until, outlet) => outlet.destroy());
  }

  ended(session: ClientSession): void {
    this.open.delete(session);
    this.countSubject(session.subject, -1);
    this.leaving.set(session.outlet, Date.now() + CLOSE_GRACE_MS);
  }

  private countSubject(subject: string | null, by: 1 | -1): void {
    if (subject === null) {
      return;
    }
    const count = (this.bySubject.get(subject) ?? 0) + by;
    if (count > 0) {
      this.bySubject.set(subject, count);
    } else {
      this.bySubject.delete(subject);
    }
  }
}
