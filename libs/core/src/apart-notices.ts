import type { HistorySnapshot } from './ports/broker.js';
import type { CaseId } from './ticket.js';
import { tell, type Topic } from './topic.js';

/** Keeps, for the tickets of one feed, which of them the upstream refuses, and tells their subscribers of new ones. */
export class ApartNotices {
  /** How many notices were heard of any ticket. */
  heard = 0;

  constructor(private readonly topicOf: (caseId: CaseId) => Topic | undefined) {}

  changed(caseId: CaseId, apart: boolean): void {
    const topic = this.topicOf(caseId);
    this.heard += 1;
    if (topic !== undefined) {
      topic.apartHeard = this.heard;
      this.set([topic], () => apart);
    }
  }

  /** Takes in what history says, but of those tickets of which a notice was heard since before it was read. */
  learn(snapshots: readonly HistorySnapshot[], heardBefore: number): void {
    for (const { tickets, apart } of snapshots) {
      const read = tickets.map((history) => this.topicOf(history.caseId)).filter((topic) => topic !== undefined);
      this.set(
        read.filter((topic) => topic.apartHeard <= heardBefore),
        ({ caseId }) => apart.includes(caseId),
      );
    }
  }

  private set(topics: readonly Topic[], isApart: (topic: Topic) => boolean): void {
    const fresh = topics.filter((topic) => isApart(topic) && !topic.apart);
    topics.forEach((topic) => (topic.apart = isApart(topic)));
    tell(fresh, (caseIds) => ({ kind: 'revoked', caseIds }));
  }
}
