import type { Interest } from '#core';
import type { Figures } from '#ops';
import type { Participant, Question } from '#redis';
import type { ClientSession } from '../session/client-session.js';
import type { Connections } from '../session/connections.js';

/** What a gateway answers to `clients`: how many of its clients want the ticket, by feed. */
export interface ClientsAnswer {
  readonly clients: readonly { readonly feed: string; readonly clients: number }[];
}

/** One connection, as operators see it. */
export interface ConnectionFacts {
  readonly number: number;
  readonly transport: string;
  readonly subject: string | null;
  readonly client_id: string | null;
  readonly since: string;
  /** When its token expires; null: never. */
  readonly expires: string | null;
  readonly tickets: readonly { readonly feed: string; readonly tickets: number }[];
  readonly unsent_bytes: number;
}

/** What a gateway answers to `connections`: its part of a page. */
export interface ConnectionsAnswer {
  readonly total: number;
  readonly connections: readonly ConnectionFacts[];
}

export interface GatewayParticipantParts {
  /** Unique in the deployment. */
  readonly process: string;
  readonly version: string;
  readonly connections: Connections;
  readonly interest: Interest;
  readonly logger: { level: string };
  /** What it counts. */
  readonly figures: () => Promise<Figures>;
}

/** Answers questions of operators for this gateway process. */
export class GatewayParticipant implements Participant {
  readonly role = 'gateway';
  readonly process: string;
  private readonly startedAt = new Date().toISOString();

  constructor(private readonly parts: GatewayParticipantParts) {
    this.process = parts.process;
  }

  answer(question: Question): Promise<object> | object | null {
    const { interest, logger, figures } = this.parts;
    switch (question.kind) {
      case 'who':
        return this.facts();
      case 'figures':
        return figures().then((counted) => ({ ...this.facts(), figures: counted }));
      case 'clients': {
        const counts = [...interest.clientsOf(question.caseId)];
        return { clients: counts.map(([feed, clients]) => ({ feed, clients })) } satisfies ClientsAnswer;
      }
      case 'connections':
        return this.connections(question);
      case 'log_level':
        logger.level = question.level;
        return {};
    }
  }

  private facts(): object {
    const { connections, logger, version } = this.parts;
    return { version, started_at: this.startedAt, log_level: logger.level, connections: connections.count };
  }

  private connections({ subject, after, limit }: Question & { kind: 'connections' }): ConnectionsAnswer {
    const { connections } = this.parts;
    const isBefore = after !== undefined && this.process < after.process;
    const from = after?.process === this.process ? after.number : 0;
    const found = isBefore ? [] : connections.list(subject, from, limit);
    return { total: connections.count, connections: found.map(connectionFacts) };
  }
}

function connectionFacts(session: ClientSession): ConnectionFacts {
  const { ordinal, outlet, subject, clientId, openedAt, expiresAt, ticketCounts } = session;
  return {
    number: ordinal,
    transport: outlet.transport,
    subject,
    client_id: clientId,
    since: new Date(openedAt * 1000).toISOString(),
    expires: Number.isFinite(expiresAt) ? new Date(expiresAt).toISOString() : null,
    tickets: ticketCounts,
    unsent_bytes: outlet.unsentBytes,
  };
}
