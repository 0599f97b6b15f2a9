import type { HistorySnapshot } from './ports/broker.js';
import type { CaseId } from '../model/ticket.js';
import { tell, type Topic } from './topic.js';

/**
 * Keeps which tickets of one feed wait for their first poll, and tells their subscribers when it is complete. A ticket does not
 * wait again as long as its topic lives, so a history that is older than a notice changes nothing.
 */
export class BackfillNotices {
  constructor(private readonly topicOf: (caseId: CaseId) => Topic | undefined) {}

  /** Everything that the first poll of these tickets found was published before. */
  completed(caseIds: readonly CaseId[]): void {
    const topics = caseIds.flatMap((caseId) => this.topicOf(caseId) ?? []);
    const awaited = topics.filter((topic) => topic.backfill === 'pending');
    topics.forEach((topic) => (topic.backfill = 'complete'));
    tell(awaited, (named) => ({ kind: 'backfilled', caseIds: named }));
  }

  /** Takes in what a history says. Everything that was published before it is dispatched. */
  learn(snapshots: readonly HistorySnapshot[]): void {
    for (const { tickets, pending } of snapshots) {
      this.completed(tickets.map(({ caseId }) => caseId).filter((caseId) => !pending.includes(caseId)));
      for (const caseId of pending) {
        const topic = this.topicOf(caseId);
        if (topic?.backfill === 'unknown') {
          topic.backfill = 'pending';
        }
      }
    }
  }
}
