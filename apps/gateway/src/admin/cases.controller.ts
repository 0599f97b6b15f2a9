import { IncomingMessage } from 'node:http';
import { Controller, Get, HttpCode, NotFoundException, Param, Post, Req } from '@nestjs/common';
import { feedKey, Interest, parseFeedKey, type FeedKey } from '#core';
import { GatewaySettings } from '#ops';
import { RequestReader } from '../edge/request-reader.js';
import { GatewayStore } from '../gateway.store.js';
import { queryOf, single } from '../http/query.js';
import { CaseDto } from './admin.dto.js';
import { shownCase } from './case-facts.js';
import { CaseSurveyor } from './case-survey.js';
import { explain, stateOf } from './explanation.js';
import { storeAnswer } from './store-answer.js';

/** Feeds in which a ticket is polled or released by one request. */
const FEEDS_MAX = 20;

/** `/admin/cases/{id}`: why is this ticket not live? And what can be done about it. */
@Controller('admin/cases/:case_id')
export class CasesController {
  constructor(
    private readonly reader: RequestReader,
    private readonly surveyor: CaseSurveyor,
    private readonly store: GatewayStore,
    private readonly interest: Interest,
    private readonly settings: GatewaySettings,
  ) {}

  @Get()
  async show(@Req() request: IncomingMessage, @Param('case_id') caseId: string): Promise<object> {
    const { case_id, feed } = this.asked(request, caseId);
    const { feeds, silent } = await storeAnswer(this.surveyor.look(case_id, feed));
    const states = feeds.map(stateOf);
    return {
      case_id,
      live: states.length > 0 && states.every((state) => state === 'live'),
      why: feeds.length === 0 ? [unknown(case_id)] : feeds.flatMap(explain),
      feeds: feeds.map((facts, at) => ({ state: states[at], ...shownCase(facts) })),
      silent_processes: silent,
    };
  }

  /** Polls the sets of the ticket now, as a hint does. */
  @Post('poll')
  @HttpCode(202)
  async poll(@Req() request: IncomingMessage, @Param('case_id') caseId: string): Promise<object> {
    const { case_id, feeds } = await this.known(request, caseId);
    await storeAnswer(Promise.all(feeds.map((feed) => this.interest.hint(parseFeedKey(feed), [case_id]))));
    return { case_id, feeds };
  }

  /** Ends the wait of a quarantined ticket: it is asked for at once. */
  @Post('release')
  @HttpCode(202)
  async release(@Req() request: IncomingMessage, @Param('case_id') caseId: string): Promise<object> {
    const { case_id, feeds } = await this.known(request, caseId);
    const outcomes = await storeAnswer(Promise.all(feeds.map((feed) => this.releaseIn(feed, case_id))));
    if (outcomes.every(({ outcome }) => outcome === 'none')) {
      throw new NotFoundException('the ticket is in no quarantine');
    }
    return { case_id, feeds: outcomes.filter(({ outcome }) => outcome !== 'none') };
  }

  private async releaseIn(feed: FeedKey, caseId: string): Promise<{ feed: FeedKey; outcome: string }> {
    const { operators, queue, clock } = this.store;
    const released = await operators.actions.release(feed, caseId, clock.now());
    if (released.kind === 'released') {
      await queue.wake([released.due]);
    }
    return { feed, outcome: released.kind };
  }

  /** @throws {NotFoundException} if no feed knows the ticket */
  private async known(request: IncomingMessage, caseId: string) {
    const { case_id, feed } = this.asked(request, caseId);
    const { reads } = this.store.operators;
    const feeds = await storeAnswer(reads.feedsOf(case_id, FEEDS_MAX));
    const chosen = feed === null ? feeds : feeds.filter((each) => each === feed);
    if (chosen.length === 0) {
      throw new NotFoundException('no client wants this ticket, and nothing is kept of it');
    }
    return { case_id, feeds: chosen };
  }

  /** The ticket, and the feed if the query names one. @throws {Refusal} `invalid` */
  private asked(request: IncomingMessage, caseId: string): { case_id: string; feed: FeedKey | null } {
    const query = queryOf(request);
    const { case_id, group_id, language } = this.reader.read(CaseDto, {
      case_id: caseId,
      group_id: single(query, 'group_id'),
      language: single(query, 'language'),
    });
    if (group_id === undefined && language === undefined) {
      return { case_id, feed: null };
    }
    const key = feedKey({ language: language ?? this.settings.upstreamLanguage, groupId: group_id });
    return { case_id, feed: key };
  }
}

function unknown(caseId: string): string {
  return (
    `${caseId} is not live, because no client wants it: a ticket is polled only while a client is subscribed to it. ` +
    'Nothing is kept of it.'
  );
}
