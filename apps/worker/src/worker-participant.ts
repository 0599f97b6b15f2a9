import type { HealthState } from '#ops';
import type { Participant, Question } from '#redis';
import type { PollProcessor } from './poll-processor.js';

export interface WorkerParticipantParts {
  /** Unique in the deployment. */
  readonly process: string;
  readonly version: string;
  /** By which its leases name it. */
  readonly owner: string;
  readonly processor: Pick<PollProcessor, 'load'>;
  readonly health: Pick<HealthState, 'isDraining'>;
  /** Whether its login at the upstream is accepted. */
  readonly isLoggedIn: () => boolean;
  readonly logger: { level: string };
}

/** Answers questions of operators for this worker. */
export class WorkerParticipant implements Participant {
  readonly role = 'worker';
  readonly process: string;
  private readonly startedAt = new Date().toISOString();

  constructor(private readonly parts: WorkerParticipantParts) {
    this.process = parts.process;
  }

  answer(question: Question): object | null {
    switch (question.kind) {
      case 'who':
        return this.facts();
      case 'log_level':
        this.parts.logger.level = question.level;
        return {};
      case 'clients':
      case 'connections':
        return null;
    }
  }

  private facts(): object {
    const { owner: id, version, logger, processor, health, isLoggedIn } = this.parts;
    const { sets, polls } = processor.load;
    return {
      id,
      version,
      started_at: this.startedAt,
      log_level: logger.level,
      sets,
      polls_in_flight: polls,
      state: health.isDraining ? 'stopping' : isLoggedIn() ? 'polling' : 'login_refused',
    };
  }
}
