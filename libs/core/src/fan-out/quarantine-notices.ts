import type { HistorySnapshot } from './ports/broker.js';
import type { CaseId } from '../model/ticket.js';
import { tell, type Topic } from './topic.js';

/** Keeps which tickets of one feed are quarantined, and tells the subscribers of a ticket when it becomes so. */
export class QuarantineNotices {
  /** How many notices arrived, of any ticket. */
  heard = 0;

  constructor(private readonly topicOf: (caseId: CaseId) => Topic | undefined) {}

  changed(caseId: CaseId, quarantined: boolean): void {
    const topic = this.topicOf(caseId);
    this.heard += 1;
    if (topic !== undefined) {
      topic.quarantineNotice = this.heard;
      this.set([topic], () => quarantined);
    }
  }

  /**
   * Takes in what history says. A ticket whose notice arrived while history was read is skipped: the notice is newer.
   *
   * @param heardBefore {@link heard} from before history was read
   */
  learn(snapshots: readonly HistorySnapshot[], heardBefore: number): void {
    for (const { tickets, quarantined } of snapshots) {
      const read = tickets.map((history) => this.topicOf(history.caseId)).filter((topic) => topic !== undefined);
      this.set(
        read.filter((topic) => topic.quarantineNotice <= heardBefore),
        ({ caseId }) => quarantined.includes(caseId),
      );
    }
  }

  private set(topics: readonly Topic[], isQuarantined: (topic: Topic) => boolean): void {
    const fresh = topics.filter((topic) => isQuarantined(topic) && !topic.quarantined);
    topics.forEach((topic) => (topic.quarantined = isQuarantined(topic)));
    tell(fresh, (caseIds) => ({ kind: 'revoked', caseIds }));
  }
}
