import type { Figures, HealthState } from '#ops';
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
  /** What it counts. */
  readonly figures: () => Promise<Figures>;
}

/** What the overview for operators needs of a worker's metrics. */
export const WORKER_FIGURES = [
  'upstream_requests_total',
  'upstream_request_seconds',
  'polls_total',
  'poll_failures_total',
  'quota_wait_seconds',
];

/** Answers questions of operators for this worker. */
export class WorkerParticipant implements Participant {
  readonly role = 'worker';
  readonly process: string;
  private readonly startedAt = new Date().toISOString();

  constructor(private readonly parts: WorkerParticipantParts) {
    this.process = parts.process;
  }

  answer(question: Question): Promise<object> | object | null {
    switch (question.kind) {
      case 'who':
        return this.facts();
      case 'figures':
        return this.parts.figures().then((figures) => ({ ...this.facts(), figures }));
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
