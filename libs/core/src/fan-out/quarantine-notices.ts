import type { HistorySnapshot } from './ports/broker.js';
import type { CaseId } from '../model/ticket.js';
import { tell, type Topic } from './topic.js';

/**
 * Keeps which tickets of one feed are quarantined. Subscribers get a notice when their ticket is put into quarantine.
 */
export class QuarantineNotices {
  /** Number of notices that arrived, for any ticket. */
  noticeCount = 0;

  constructor(private readonly topicOf: (caseId: CaseId) => Topic | undefined) {}

  changed(caseId: CaseId, quarantined: boolean): void {
    const topic = this.topicOf(caseId);
    this.noticeCount += 1;
    if (topic !== undefined) {
      topic.quarantineNotice = this.noticeCount;
      this.set([topic], () => quarantined);
    }
  }

  /**
   * Takes in the quarantined tickets of a history. A ticket whose notice arrived while history was read is skipped,
   * because the notice is newer.
   *
   * @param countBefore {@link noticeCount} from before history was read
   */
  learn(snapshots: readonly HistorySnapshot[], countBefore: number): void {
    for (const { tickets, quarantined } of snapshots) {
      const read = tickets.map((history) => this.topicOf(history.caseId)).filter((topic) => topic !== undefined);
      this.set(
        read.filter((topic) => topic.quarantineNotice <= countBefore),
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
