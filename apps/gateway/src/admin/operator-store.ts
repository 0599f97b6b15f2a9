import type { Queue } from 'bullmq';
import type { OperatorActions, OperatorReads, Participant, Survey } from '#redis';

/** The store as operators need it. */
export interface OperatorStore {
  readonly reads: Pick<
    OperatorReads,
    'feedNames' | 'feedsOf' | 'ticket' | 'feed' | 'sets' | 'quarantined' | 'overview' | 'quotaOpensAt'
  >;
  readonly actions: Pick<OperatorActions, 'pause' | 'release'>;
  /** The poll queue, as BullMQ has it. */
  readonly bull: () => Queue;
  /** @param participant answers for this process */
  survey(participant: Participant, onError: (error: unknown) => void): Pick<Survey, 'ask' | 'listen'>;
}
