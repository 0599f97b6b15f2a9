import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OriginRule } from '../http/origin-rule.js';
import type { ProblemFilter } from '../http/problem.filter.js';
import { EVENTS_PATH, type EventsController } from './events.controller.js';

const PATH = `/${EVENTS_PATH}`;

/**
 * The short way to the event streams, past Express and Nest's router: streams are what a gateway has by the thousand,
 * and all come at once after a cut. Other spellings of the path (a slash at its end) take the long way to the same place.
 */
export class SseFastPath {
  constructor(
    private readonly events: EventsController,
    private readonly origins: OriginRule,
    private readonly problems: ProblemFilter,
  ) {}

  /** Begins a stream if one is asked for, and says whether it was. */
  serves(request: IncomingMessage, response: ServerResponse): boolean {
    const { method, url = '' } = request;
    const isMeant =
      method === 'GET' && url.startsWith(PATH) && (url.length === PATH.length || url[PATH.length] === '?');
    if (isMeant) {
      void this.begin(request, response);
    }
    return isMeant;
  }

  /** Headers go straight into the head of the stream: set before it, Node would keep 700 bytes of them for as long as it lasts. */
  private async begin(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const headers = this.origins.headersFor(request);
    try {
      this.origins.check(request);
      await this.events.begin(request, response, headers);
    } catch (error) {
      if (!response.headersSent) {
        response.setHeaders(new Map(Object.entries(headers)));
      }
      this.problems.answer(error, response);
    }
  }
}
