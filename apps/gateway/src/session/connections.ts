import type { Demand } from '#ops';
import type { CloseReason, RetryBounds } from '#protocol';
import { tokenRevoked } from '../auth/revocable-verifier.js';
import type { Revocations } from '../auth/revocations.js';
import type { Rights } from '../auth/rights.js';
import type { Deadline } from '../edge/deadline.js';
import { Admission } from './admission.js';
import { ClientSession, type SessionOwner, type SessionParts } from './client-session.js';
import type { ConnectionCounts } from './connection-counts.js';
import type { Outlet } from './outlet.js';
import { COUNTED_WITHIN_MS, SubjectLimit } from './subject-limit.js';
import { TcpTable } from './tcp-table.js';

/** A connection that is still open this long after `closing` is cut, ms: its client does not read. */
const CLOSE_GRACE_MS = 3000;

/**
 * All connections of this gateway, of both transports. One sweep checks all of them, so none has a timer of its own.
 */
export class Connections implements SessionOwner {
  private readonly open = new Set<ClientSession>();
  private opened = 0;
  /** The newest connection of each client that has named itself. */
  private readonly byClient = new Map<string, ClientSession>();
  private readonly limit: SubjectLimit;
  private readonly admission: Admission;
  private isListening = false;
  /** Connections that were sent `closing`, and when they are cut (ms since 1970). */
  private readonly leaving = new Map<Outlet, number>();

  constructor(
    private readonly parts: SessionParts,
    private readonly counts: ConnectionCounts,
    /** `MAX_CONNECTIONS_PER_SUBJECT` */
    maxPerSubject: number,
    private readonly revocations: Pick<Revocations, 'limit'>,
  ) {
    this.limit = new SubjectLimit(counts, maxPerSubject);
    this.admission = new Admission({
      limit: this.limit,
      connections: {
        of: (subject) => [...this.open].filter((session) => session.subject === subject),
        ofClient: (subject, clientId) => this.byClient.get(clientKey(subject, clientId)),
      },
      table: new TcpTable(),
      tellFull: (subject, clientId) => void counts.tellFull(subject, clientId).catch(parts.onError),
      wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms).unref()),
      now: () => performance.now(),
    });
  }

  /** Connections that are served. */
  get count(): number {
    return this.open.size;
  }

  /** Connections that are served, and those that were sent `closing` and are still open. */
  get remaining(): number {
    return this.open.size + this.leaving.size;
  }

  /** @param maxCaseIds largest number of tickets that one request may ask for */
  demand(maxCaseIds: number): Demand {
    let [ownPolls, slowConsumers] = [0, 0];
    for (const { ticketCounts, outlet } of this.open) {
      ticketCounts.forEach(({ tickets }) => (ownPolls += Math.ceil(tickets / maxCaseIds)));
      slowConsumers += outlet.unsentBytes > this.parts.maxUnsentBytes / 2 ? 1 : 0;
    }
    return { ownPolls, slowConsumers };
  }

  /**
   * Counts a connection that is about to begin. It has to be {@link add}ed, or {@link dismiss}ed, in the same tick.
   * Nobody in particular (`AUTH_MODE=none`) has no limit.
   *
   * @param clientId which client it is of, where the client has named itself
   * @throws {Refusal} where the subject has as many connections as it may have, and none of them can be replaced; or where
   *   the token was revoked meanwhile
   */
  async admit(rights: Rights, clientId: string | null, deadline: Deadline): Promise<void> {
    const { subject } = rights;
    if (subject === null) {
      return;
    }
    const adding = this.limit.add(subject);
    // While so much time is left, nothing has to be made that ends the wait.
    const counted = deadline.leftMs > COUNTED_WITHIN_MS ? await adding : adding;
    if (counted !== 'counted') {
      await this.admitted(subject, this.admission.admit(subject, clientId, counted), deadline);
    }
    if (this.revocations.limit(rights) === null) {
      this.dismiss(rights);
      throw tokenRevoked();
    }
  }

  /** The connection went before it began. */
  dismiss({ subject }: Rights): void {
    this.uncount(subject);
  }

  /** A connection that was admitted begins. */
  add(rights: Rights, outlet: Outlet, clientId: string | null): ClientSession {
    const session = new ClientSession(rights, outlet, this.parts, this, clientId);
    session.ordinal = this.opened += 1;
    this.open.add(session);
    this.parts.counters.opened(outlet.transport);
    if (rights.subject !== null && clientId !== null) {
      this.byClient.set(clientKey(rights.subject, clientId), session);
    }
    this.recheck(session); // Its token was looked at a while ago.
    return session;
  }

  /** Rights were revoked, or a revocation was lifted. */
  rightsChanged(): void {
    this.open.forEach((session) => this.recheck(session));
  }

  /**
   * Connections of a subject, or of all, the oldest first.
   *
   * @param after number of a connection: only those that began later
   * @param count most that are returned
   */
  list(subject: string | undefined, after: number, count: number): readonly ClientSession[] {
    const found: ClientSession[] = [];
    for (const session of this.open) {
      if (found.length >= count) {
        break;
      }
      if (session.ordinal > after && (subject === undefined || session.subject === subject)) {
        found.push(session);
      }
    }
    return found;
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

  /** Renews what other gateways know of this one's connections. To be called every second. @throws where the store does not answer */
  async renewCounts(): Promise<void> {
    await this.limit.renew();
    if (!this.isListening) {
      await this.counts.listen((subject, clientId) => this.admission.subjectFull(subject, clientId));
      this.isListening = true;
    }
  }

  forEach(each: (session: ClientSession) => void): void {
    this.open.forEach(each);
  }

  /** Called four times per heartbeat interval. */
  heartbeat(): void {
    this.open.forEach((session) => session.outlet.heartbeat());
  }

  /** Connections that have begun since this process began. */
  get begun(): number {
    return this.opened;
  }

  /**
   * Closes this many connections, the oldest first.
   *
   * @param retryMs bounds of `retry_ms`; null: as the table of close reasons says
   */
  close(count: number, reason: CloseReason, retryMs: RetryBounds | null = null): void {
    let left = count;
    for (const session of this.open) {
      if (left <= 0) {
        return;
      }
      left -= 1;
      session.close(reason, retryMs);
    }
  }

  /** Cuts all connections that are still open. */
  destroy(): void {
    this.open.forEach((session) => session.end());
    this.leaving.forEach((_until, outlet) => outlet.destroy());
  }

  authenticated(session: ClientSession): void {
    this.recheck(session);
  }

  ended(session: ClientSession): void {
    const { subject, clientId, outlet } = session;
    this.open.delete(session);
    this.uncount(subject);
    if (subject !== null && clientId !== null && this.byClient.get(clientKey(subject, clientId)) === session) {
      this.byClient.delete(clientKey(subject, clientId));
    }
    this.leaving.set(outlet, Date.now() + CLOSE_GRACE_MS);
  }

  private async admitted(subject: string, admission: Promise<void>, deadline: Deadline): Promise<void> {
    try {
      await deadline.bound(admission);
    } catch (error) {
      // Admitted too late, it is nobody's.
      admission.then(
        () => this.limit.remove(subject),
        () => undefined,
      );
      throw error;
    }
  }

  private recheck(session: ClientSession): void {
    session.recheck((rights) => this.revocations.limit(rights));
  }

  private uncount(subject: string | null): void {
    if (subject !== null) {
      this.limit.remove(subject);
    }
  }
}

/** No client id has a line feed. */
function clientKey(subject: string, clientId: string): string {
  return `${clientId}\n${subject}`;
}
