import { Refusal, TOO_MANY_REQUESTS } from '#protocol';
import type { ClientSession } from './client-session.js';
import { DeadConnections } from './dead-connections.js';
import type { Counted, SubjectLimit } from './subject-limit.js';
import type { TcpTable } from './tcp-table.js';

/**
 * When dead connections are searched for after a new connection found its subject full, ms. After the last search it is
 * refused.
 */
const LOOKS_MS = [0, 400, 1200, 3100, 3700];
/** For this long after a search, new connections of the subject are refused without another search, ms. */
const REST_MS = 1000;
/** When a client may come back whose subject has too many connections, ms. */
const TOO_MANY_RETRY_MS = 5000;

export interface AdmissionParts {
  readonly limit: SubjectLimit;
  /** The connections of this gateway. */
  readonly connections: {
    /** All of a subject. It takes a look at every connection. */
    of(subject: string): readonly ClientSession[];
    /** The newest one that the client has. */
    ofClient(subject: string, clientId: string): ClientSession | undefined;
  };
  readonly table: TcpTable;
  /** Tells the other gateways that the subject is full. */
  readonly tellFull: (subject: string, clientId: string | null) => void;
  readonly wait: (ms: number) => Promise<void>;
  readonly now: () => number;
}

interface Waiting {
  readonly admit: () => void;
  readonly refuse: () => void;
}

/** The search of one subject. As many may wait as the subject may have connections: all of a killed gateway come back at once. */
interface Search {
  readonly waiting: Waiting[];
  /** Whether other gateways have connections of the subject, and search for dead ones, too. */
  isElsewhere: boolean;
  isOver: boolean;
}

/**
 * Decides which connections are admitted. A subject that has as many connections as it may have gets another one if it
 * replaces an older one. That is a dead one, such as one that a phone left behind in another network, or one of the
 * same client (`client_id`).
 */
export class Admission {
  private readonly searches = new Map<string, Search>();

  constructor(private readonly parts: AdmissionParts) {}

  /**
   * Admits one more connection of the subject.
   *
   * @param first what {@link SubjectLimit.add} says of it
   * @throws {Refusal} `too_many`, after about four seconds at the latest
   */
  async admit(subject: string, clientId: string | null, first: Counted | Promise<Counted>): Promise<void> {
    let counted = await first;
    if (counted !== 'counted' && this.replaceClient(subject, clientId)) {
      counted = await this.parts.limit.add(subject);
    }
    if (counted !== 'counted') {
      await this.waitForRoom(subject, clientId, counted === 'full_elsewhere');
    }
  }

  /** A client of another gateway waits for the subject to have fewer connections. */
  subjectFull(subject: string, clientId: string | null): void {
    if (this.parts.limit.of(subject) > 0) {
      this.replaceClient(subject, clientId);
      this.searchFor(subject);
    }
  }

  /** @returns whether there was one */
  private replaceClient(subject: string, clientId: string | null): boolean {
    const session = clientId === null ? undefined : this.parts.connections.ofClient(subject, clientId);
    session?.close('replaced');
    return session !== undefined;
  }

  private async waitForRoom(subject: string, clientId: string | null, isElsewhere: boolean): Promise<void> {
    const search = this.searchFor(subject);
    if (search.isOver || search.waiting.length >= this.parts.limit.most) {
      throw this.refusal();
    }
    if (isElsewhere && (clientId !== null || !search.isElsewhere)) {
      this.parts.tellFull(subject, clientId);
    }
    search.isElsewhere ||= isElsewhere;
    await new Promise<void>((resolve, reject) => {
      search.waiting.push({ admit: resolve, refuse: () => reject(this.refusal()) });
    });
  }

  private searchFor(subject: string): Search {
    const found = this.searches.get(subject);
    if (found !== undefined) {
      return found;
    }
    const search: Search = { waiting: [], isElsewhere: false, isOver: false };
    this.searches.set(subject, search);
    void this.run(subject, search);
    return search;
  }

  private async run(subject: string, search: Search): Promise<void> {
    const { connections, table, now, wait } = this.parts;
    const startedAt = now();
    const dead = new DeadConnections(connections.of(subject), table, now);
    for (const lookMs of LOOKS_MS) {
      await wait(Math.max(0, startedAt + lookMs - now()));
      const undecided = await dead.look();
      await this.admitWaiting(subject, search);
      if (undecided === 0 && !(search.isElsewhere && search.waiting.length > 0)) {
        break;
      }
    }
    search.isOver = true;
    search.waiting.splice(0).forEach(({ refuse }) => refuse());
    await wait(REST_MS);
    this.searches.delete(subject);
  }

  private async admitWaiting(subject: string, search: Search): Promise<void> {
    while (search.waiting.length > 0) {
      const counted = await this.parts.limit.add(subject);
      if (counted !== 'counted') {
        if (counted === 'full_elsewhere' && !search.isElsewhere) {
          search.isElsewhere = true;
          this.parts.tellFull(subject, null);
        }
        return;
      }
      search.waiting.shift()?.admit();
    }
  }

  private refusal(): Refusal {
    const { most } = this.parts.limit;
    return new Refusal('too_many', `a subject has at most ${most} connections at once, over all gateways`, {
      status: TOO_MANY_REQUESTS,
      retryMs: TOO_MANY_RETRY_MS,
    });
  }
}
