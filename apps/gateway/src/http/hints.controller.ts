import { IncomingMessage } from 'node:http';
import { Controller, HttpCode, Post, Req } from '@nestjs/common';
import { Interest } from '#core';
import { GatewaySettings } from '#ops';
import { Refusal, TicketsDto } from '#protocol';
import { RequestAuthentication } from '../auth/request-authentication.js';
import { Deadline } from '../edge/deadline.js';
import { Languages } from '../edge/languages.js';
import { RequestReader } from '../edge/request-reader.js';
import { ticketsOf } from '../edge/subscription-parameters.js';
import { readJson } from './json-body.js';
import { queryOf } from './query.js';
import { ServedMethods } from './served-methods.js';

/** When a backend may repeat a hint after the store was out of reach, ms. */
const RETRY_MS = 1000;

/** `POST /v1/hints`: a backend knows that something happened to these tickets. Their subscribers see it at once. */
@Controller('v1/hints')
export class HintsController extends ServedMethods {
  constructor(
    private readonly authentication: RequestAuthentication,
    private readonly reader: RequestReader,
    private readonly interest: Interest,
    private readonly settings: GatewaySettings,
    private readonly languages: Languages,
  ) {
    super('POST, OPTIONS', 'only POST is served here, with JSON');
  }

  @Post()
  @HttpCode(204)
  async hint(@Req() request: IncomingMessage): Promise<void> {
    const deadline = new Deadline();
    const rights = await this.authentication.rightsOf(request, queryOf(request), deadline);
    const body = await readJson(request, this.settings.requestMaxBytes, deadline);
    const { feed, caseIds } = ticketsOf(this.reader.read(TicketsDto, body), this.languages);
    if (caseIds.length > this.settings.maxCasesPerSubscription) {
      const most = `at most ${this.settings.maxCasesPerSubscription} tickets in one hint`;
      throw new Refusal('too_many', most, { status: 400 });
    }
    rights.requireHints();
    rights.require(feed, caseIds);
    try {
      await deadline.bound(this.interest.hint(feed, caseIds));
    } catch (cause) {
      throw new Refusal('unavailable', 'the store is out of reach', { retryMs: RETRY_MS, cause });
    }
  }
}
