import { IncomingMessage, ServerResponse } from 'node:http';
import { All, Body, Controller, HttpCode, MethodNotAllowedException, Post, Req, Res } from '@nestjs/common';
import { Interest } from '#core';
import { GatewaySettings } from '#ops';
import { Refusal, TicketsDto } from '#protocol';
import { tokenOf } from '../auth/client-token.js';
import { TokenVerifier } from '../auth/token-verifier.js';
import { RequestReader } from '../edge/request-reader.js';
import { ticketsOf } from '../edge/subscription-parameters.js';
import { queryOf } from './query.js';
import { deadlineOf } from './request-deadline.js';

/** When a backend may hint again after the store was out of reach, ms. */
const RETRY_MS = 1000;

/** `POST /v1/hints`: a backend knows that something happened to these tickets. Their subscribers see it at once. */
@Controller('v1/hints')
export class HintsController {
  constructor(
    private readonly verifier: TokenVerifier,
    private readonly reader: RequestReader,
    private readonly interest: Interest,
    private readonly settings: GatewaySettings,
  ) {}

  @Post()
  @HttpCode(204)
  async hint(@Req() request: IncomingMessage, @Body() body: unknown): Promise<void> {
    const deadline = deadlineOf(request);
    const rights = await deadline.bound(this.verifier.verify(tokenOf(request, queryOf(request))));
    const { feed, caseIds } = ticketsOf(this.reader.read(TicketsDto, body), this.settings.upstreamLanguage);
    if (caseIds.length > this.settings.maxCasesPerSubscription) {
      const most = `at most ${this.settings.maxCasesPerSubscription} tickets in one hint`;
      throw new Refusal('too_many', most, { status: 400 });
    }
    rights.require(feed, caseIds);
    rights.requireHints();
    try {
      await deadline.bound(this.interest.hint(feed, caseIds));
    } catch {
      throw new Refusal('unavailable', 'the store is out of reach', { retryMs: RETRY_MS });
    }
  }

  @All()
  refuseMethod(@Res({ passthrough: true }) response: ServerResponse): never {
    response.setHeader('allow', 'POST');
    throw new MethodNotAllowedException('only POST is served here');
  }
}
