import { jsonText, type PageWant, type Publication, type TicketPage } from '#core';
import { PositionIds } from '#protocol';
import { CaseHistory } from './case-history.js';

const FEED = { language: 'zh-cn', groupId: 'g' };
const EPOCH = '0abcdefgh';
const ids = new PositionIds({ positionSecrets: ['a secret'] });
const idOf = (offset: number) => ids.idOf({ epoch: EPOCH, offset });
const message = (offset: number): Publication => ({
  ...{ epoch: EPOCH, offset, previous: offset - 1, caseId: 'a', seenAt: 0 },
  ...{ kind: 'message', message: jsonText({ content: `m${offset}` }), sentAt: null },
});

describe('a page of the history of a ticket', () => {
  let wanted: PageWant[];
  const page = async (found: Partial<TicketPage>, after?: string) => {
    wanted = [];
    const whole = { epoch: EPOCH, offset: 9, known: true, truncated: false, publications: [], more: false, ...found };
    const broker = { page: async (_: unknown, want: PageWant) => (wanted.push(want), whole) };
    const { events, lastEventId, more } = await new CaseHistory(broker, ids).page(FEED, 'a', after, 2);
    const read = events.map((text) => JSON.parse(text) as { event: string; id?: string; reason?: string });
    return { events: read, kinds: read.map(({ event }) => event), lastEventId, more };
  };

  it('goes on after its last event while there are more, and from the position of the feed after the last one', async () => {
    const some = await page({ publications: [message(3), message(5)], more: true }, idOf(2));
    expect([some.kinds, some.lastEventId, some.more]).toEqual([['message', 'message'], idOf(5), true]);
    expect(wanted).toEqual([{ caseId: 'a', after: { epoch: EPOCH, offset: 2 }, limit: 2 }]);
    const last = await page({ publications: [message(7)] }, idOf(5));
    expect([last.kinds, last.lastEventId, last.more]).toEqual([['message'], idOf(9), false]);
    const none = await page({}, idOf(9));
    expect([none.kinds, none.lastEventId]).toEqual([[], idOf(9)]);
  });

  it('says what is gone between the position that was named and its first event', async () => {
    const cut = await page({ publications: [message(5)], truncated: true }, idOf(2));
    const gap = { event: 'gap', case_ids: ['a'], group_id: 'g', reason: 'history_truncated' };
    expect(cut.events[0]).toEqual({ ...gap, after: idOf(2), before: idOf(5) });
    const empty = await page({ truncated: true }, idOf(2));
    expect(empty.events).toEqual([{ ...gap, after: idOf(2), before: idOf(10) }]);
    const fromStart = await page({ publications: [message(5)], truncated: true });
    expect(fromStart.events[0]).toEqual(gap);
  });

  it('begins with a gap for a position that means nothing, and with none where no position is named', async () => {
    for (const after of [idOf(2), 'nonsense']) {
      const unknown = await page({ publications: [message(5)], known: false, truncated: true }, after);
      expect(unknown.events[0]).toEqual({ event: 'gap', case_ids: ['a'], group_id: 'g', reason: 'unknown_position' });
    }
    expect((await page({ publications: [message(5)], known: false })).kinds).toEqual(['message']);
    expect(wanted).toEqual([{ caseId: 'a', after: null, limit: 2 }]);
  });

  it('is refused as unavailable where the store fails, with what it said for the log', async () => {
    const cause = new Error('away');
    const history = new CaseHistory({ page: () => Promise.reject(cause) }, ids);
    const refusal = { code: 'unavailable', details: { retryMs: 2000, cause } };
    await expect(history.page(FEED, 'a', undefined, 2)).rejects.toMatchObject(refusal);
  });
});
