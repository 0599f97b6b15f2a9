import { IncomingMessage } from 'node:http';
import { Controller, Get, Req } from '@nestjs/common';
import { type FeedKey } from '#core';
import { type SetFacts } from '#redis';
import { Refusal } from '#protocol';
import { RequestReader } from '../edge/request-reader.js';
import { GatewayStore } from '../gateway.store.js';
import { queryOf, single, wholeNumber } from '../http/query.js';
import { PAGE_DEFAULT, SetsPageDto } from './admin.dto.js';
import { shownSet } from './case-facts.js';
import { CaseSurveyor } from './case-survey.js';
import { storeAnswer } from './store-answer.js';

/** Where a page begins: how many sets of which feed came before it. */
const AFTER = /^(\d{1,9})@(.+)$/;

/** `GET /admin/sets`: the ticket sets, feed by feed; in each feed the one that is due first comes first. */
@Controller('admin/sets')
export class SetsController {
  constructor(
    private readonly reader: RequestReader,
    private readonly store: GatewayStore,
    private readonly surveyor: CaseSurveyor,
  ) {}

  @Get()
  async page(@Req() request: IncomingMessage): Promise<object> {
    const query = queryOf(request);
    const asked = this.reader.read(SetsPageDto, {
      limit: wholeNumber(query, 'limit'),
      after: single(query, 'after'),
      feed: single(query, 'feed'),
    });
    const { limit = PAGE_DEFAULT, feed } = asked;
    const from = asked.after === undefined ? null : AFTER.exec(asked.after);
    if (asked.after !== undefined && from === null) {
      throw new Refusal('invalid', 'after must be the next of the page before');
    }
    const [, count = '0', first = ''] = from ?? [];
    const page = await storeAnswer(
      this.read(feed as FeedKey | undefined, { feed: first, count: Number(count) }, limit),
    );
    const workers = await storeAnswer(this.surveyor.workers());
    const now = this.store.clock.now();
    return { sets: page.sets.map((set) => ({ feed: set.feed, ...shownSet(set, workers, now) })), next: page.next };
  }

  private async read(
    only: FeedKey | undefined,
    from: { readonly feed: string; readonly count: number },
    limit: number,
  ): Promise<{ sets: readonly SetFacts[]; next: string | null }> {
    const { reads } = this.store.operators;
    const names = only === undefined ? await reads.feedNames() : [only];
    const sets: SetFacts[] = [];
    for (const name of names.filter((each) => each >= from.feed)) {
      const skipped = name === from.feed ? from.count : 0;
      const wanted = limit - sets.length;
      const found = await reads.sets(name, skipped, wanted);
      sets.push(...found);
      if (found.length >= wanted) {
        return { sets, next: `${skipped + wanted}@${name}` };
      }
    }
    return { sets, next: null };
  }
}
