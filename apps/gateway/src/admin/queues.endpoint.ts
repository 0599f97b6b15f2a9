import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { MethodNotAllowedException } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { Refusal } from '#protocol';
import type { ProblemFilter } from '../http/problem.filter.js';
import { queryOf } from '../http/query.js';

/** Most jobs on one page. */
const JOBS_MAX = 100;

export interface QueuesEndpointParts {
  readonly queue: () => Queue;
  readonly problems: Pick<ProblemFilter, 'answer'>;
}

/** `/admin/queues`, behind the gate of `/admin`. The board is loaded when it is asked for: it takes some megabytes. */
export class QueuesEndpoint {
  private board: Promise<RequestListener> | null = null;

  constructor(private readonly parts: QueuesEndpointParts) {}

  /** Answers a request for the board. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      check(request, response);
      this.board ??= this.load();
      (await this.board)(request, response);
    } catch (error) {
      this.parts.problems.answer(error, response);
    }
  }

  private async load(): Promise<RequestListener> {
    const { queueBoard } = await import('./queue-board.js');
    return queueBoard(this.parts.queue());
  }
}

/** @throws {HttpException | Refusal} for what would change something, or read without a bound */
function check(request: IncomingMessage, response: ServerResponse): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    throw new MethodNotAllowedException('the board changes nothing: use /admin/cases and /admin/feeds');
  }
  const perPage = queryOf(request).get('jobsPerPage');
  if (perPage !== null && !(Number(perPage) <= JOBS_MAX)) {
    throw new Refusal('invalid', `jobsPerPage must be at most ${JOBS_MAX}`);
  }
}
