import { IncomingMessage, ServerResponse } from 'node:http';
import { All, Controller, Get, MethodNotAllowedException, Req, Res } from '@nestjs/common';
import { GatewaySettings } from '#ops';
import { SseFrames, SubscribeDto } from '#protocol';
import { tokenOf } from '../auth/client-token.js';
import { TokenVerifier } from '../auth/token-verifier.js';
import { Connections } from '../session/connections.js';
import { RequestReader } from '../edge/request-reader.js';
import { subscriptionParametersOf, type SubscriptionParameters } from '../edge/subscription-parameters.js';
import { queryOf, single, wholeNumber } from '../http/query.js';
import { SSE_HEADERS, SseOutlet, type StreamHeaders } from './sse.outlet.js';

export const EVENTS_PATH = 'v1/events';

/** `GET /v1/events`: the SSE edge. Everything that can be refused is refused before the stream begins. */
@Controller(EVENTS_PATH)
export class EventsController {
  constructor(
    private readonly verifier: TokenVerifier,
    private readonly reader: RequestReader,
    private readonly connections: Connections,
    private readonly frames: SseFrames,
    private readonly settings: GatewaySettings,
  ) {}

  @Get()
  stream(@Req() request: IncomingMessage, @Res() response: ServerResponse): Promise<void> {
    return this.begin(request, response, {});
  }

  /** @param headers of the stream, beyond those that every stream has */
  async begin(request: IncomingMessage, response: ServerResponse, headers: StreamHeaders): Promise<void> {
    const query = queryOf(request);
    const rights = await this.verifier.verify(tokenOf(request, query));
    const parameters = this.parameters(request, query);
    if (request.method === 'HEAD') {
      rights.require(parameters.feed, parameters.caseIds);
      response.writeHead(200, { ...headers, ...SSE_HEADERS }).end();
      return;
    }
    freeRequest(request);
    const outlet = new SseOutlet(response, headers, this.frames);
    const session = this.connections.add(rights, outlet);
    response.on('close', () => this.connections.gone(session));
    // A client that goes while something is written is no error; `close` follows.
    response.on('error', ignore);
    if (response.destroyed) {
      this.connections.gone(session); // It went while its token was checked.
      return;
    }
    try {
      await session.subscribe(parameters, (ready) => outlet.ready(ready));
    } catch (error) {
      session.end();
      throw error;
    }
  }

  @All()
  refuseMethod(@Res({ passthrough: true }) response: ServerResponse): never {
    response.setHeader('allow', 'GET, HEAD');
    throw new MethodNotAllowedException('only GET is served here');
  }

  private parameters(request: IncomingMessage, query: URLSearchParams): SubscriptionParameters {
    const dto = this.reader.read(SubscribeDto, {
      case_ids: query.getAll('case_ids'),
      group_id: single(query, 'group_id'),
      language: single(query, 'language'),
      history: wholeNumber(query, 'history'),
      // The header is what an EventSource sends when it comes back: it knows better than the URL it was made with.
      last_event_id: request.headers['last-event-id'] || single(query, 'last_event_id'),
    });
    return subscriptionParametersOf(dto, this.settings.upstreamLanguage);
  }
}

const ignore = () => undefined;
const NO_HEADERS: IncomingMessage['headers'] = {};
const NO_RAW_HEADERS: string[] = [];

/** Lets go of what was asked for, its token first of all: the response keeps its request for as long as it lives. */
function freeRequest(request: IncomingMessage): void {
  request.headers = NO_HEADERS;
  request.rawHeaders = NO_RAW_HEADERS;
  request.url = '';
}
