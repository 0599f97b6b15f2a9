import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OriginGate } from '../http/origin-gate.js';
import type { ProblemFilter } from '../http/problem.filter.js';
import { EVENTS_PATH, type EventsController } from './events.controller.js';

const PATH = `/${EVENTS_PATH}`;

/**
 * The short way to the event streams, past Express and Nest's router: streams are what a gateway has by the thousand,
 * and all come at once after a cut. Other spellings of the path (a slash at its end) take the long way to the same place.
 */
export class StreamFront {
  constructor(
    private readonly events: EventsController,
    private readonly gate: OriginGate,
    private readonly problems: ProblemFilter,
  ) {}

  /** Begins a stream if one is asked for, and says whether it was. */
  serves(request: IncomingMessage, response: ServerResponse): boolean {
    const { method, url = '' } = request;
    const isMeant =
      method === 'GET' && url.startsWith(PATH) && (url.length === PATH.length || url[PATH.length] === '?');
    if (isMeant) {
      this.gate(request, response, () => {
        this.events.stream(request, response).catch((error: unknown) => this.problems.answer(error, response));
      });
    }
    return isMeant;
  }
}
