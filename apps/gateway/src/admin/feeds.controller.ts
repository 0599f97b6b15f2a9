import { IncomingMessage } from 'node:http';
import { Controller, Get, NotFoundException, Param, Post, Req } from '@nestjs/common';
import { type FeedKey } from '#core';
import { RequestReader } from '../edge/request-reader.js';
import { GatewayStore } from '../gateway.store.js';
import { queryOf, single, wholeNumber } from '../http/query.js';
import { PAGE_DEFAULT, PageDto } from './admin.dto.js';
import { shownFeedFacts } from './case-facts.js';
import { storeAnswer } from './store-answer.js';

/** `/admin/feeds`: what is polled, by language and group. A feed can be paused, and go on. */
@Controller('admin/feeds')
export class FeedsController {
  constructor(
    private readonly reader: RequestReader,
    private readonly store: GatewayStore,
  ) {}

  @Get()
  async page(@Req() request: IncomingMessage): Promise<object> {
    const query = queryOf(request);
    const { limit = PAGE_DEFAULT, after = '' } = this.reader.read(PageDto, {
      limit: wholeNumber(query, 'limit'),
      after: single(query, 'after'),
    });
    const { reads } = this.store.operators;
    const names = (await storeAnswer(reads.feedNames())).filter((name) => name > after);
    const feeds = await storeAnswer(Promise.all(names.slice(0, limit).map((name) => reads.feed(name))));
    const now = this.store.clock.now();
    return {
      feeds: feeds.map((feed) => shownFeedFacts(feed, now)),
      next: names.length > limit ? names[limit - 1] : null,
    };
  }

  /** No set of the feed is polled from now on. What is in flight is answered and delivered. */
  @Post(':feed/pause')
  pause(@Param('feed') feed: string): Promise<object> {
    return this.set(feed as FeedKey, this.store.clock.now());
  }

  /** Its sets are polled again within some seconds. */
  @Post(':feed/resume')
  resume(@Param('feed') feed: string): Promise<object> {
    return this.set(feed as FeedKey, null);
  }

  private async set(feed: FeedKey, pausedAt: number | null): Promise<object> {
    const { reads, actions } = this.store.operators;
    const names = await storeAnswer(reads.feedNames());
    if (!names.includes(feed) || !(await storeAnswer(actions.pause(feed, pausedAt)))) {
      throw new NotFoundException('there is no such feed: GET /admin/feeds names them, and a slash in one is %2F');
    }
    return shownFeedFacts(await storeAnswer(reads.feed(feed)), this.store.clock.now());
  }
}
