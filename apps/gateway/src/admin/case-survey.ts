import type { Clock, FeedKey } from '#core';
import type { Survey } from '#redis';
import type { CaseFacts, GatewayClients, WorkerName } from './case-facts.js';
import type { ClientsAnswer } from './gateway-participant.js';
import type { OperatorStore } from './operator-store.js';

/** Most feeds of one ticket that an answer tells. */
const FEEDS_MAX = 20;

/** What is known of a ticket. */
export interface CaseSurvey {
  readonly feeds: readonly CaseFacts[];
  /** Processes that heard the question and did not answer; null: nobody knows. */
  readonly silent: number | null;
}

export interface CaseSurveyorParts {
  readonly reads: OperatorStore['reads'];
  readonly survey: Pick<Survey, 'ask'>;
  readonly clock: Clock;
}

/** Finds out why a ticket is live, or is not: from Redis, from the gateways and from the workers. */
export class CaseSurveyor {
  constructor(private readonly parts: CaseSurveyorParts) {}

  /** @param feed the only one to look at; null: all that know the ticket @throws if the store is out of reach */
  async look(caseId: string, feed: FeedKey | null): Promise<CaseSurvey> {
    const { reads, survey, clock } = this.parts;
    const [known, asked, workers] = await Promise.all([
      feed === null ? reads.feedsOf(caseId, FEEDS_MAX) : [feed],
      survey.ask({ kind: 'clients', caseId }),
      this.workers(),
    ]);
    const told = asked.answers.map(({ process, answer }) => ({ process, ...(answer as ClientsAnswer) }));
    const wanted = told.flatMap(({ clients }) => clients.map((each) => each.feed as FeedKey));
    const feeds = feed === null ? [...new Set([...known, ...wanted])].slice(0, FEEDS_MAX) : [feed];
    const tickets = await Promise.all(feeds.map((each) => reads.ticket(each, caseId)));
    const now = clock.now();
    return {
      feeds: tickets.map((ticket) => ({
        caseId,
        now,
        ticket,
        workers,
        gateways: told.flatMap(({ process, clients }): GatewayClients[] =>
          clients
            .filter((each) => each.feed === ticket.feed)
            .map((each) => ({ gateway: process, clients: each.clients })),
        ),
      })),
      silent: asked.silent,
    };
  }

  /** The workers that answer. @throws if the store is out of reach */
  async workers(): Promise<readonly WorkerName[]> {
    const { answers } = await this.parts.survey.ask({ kind: 'who' });
    return answers.flatMap(({ role, process, answer }) =>
      role === 'worker' ? [{ process, id: (answer as { id: string }).id }] : [],
    );
  }
}
