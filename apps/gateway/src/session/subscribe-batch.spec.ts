import type { CaseId, Recovery } from '#core';
import { SubscribeBatch } from './subscribe-batch.js';

describe('SubscribeBatch', () => {
  const recovery = (caseIds: CaseId[]): Recovery => {
    const position = { epoch: '0mwtcnjrpo8nsa', offset: 1 };
    return { caseIds, notices: [], replay: [], isShared: false, position, recovered: false, pending: [], cuts: [] };
  };

  it.each([
    ['of the ticket that was answered for longest ago', { a: 5000, b: 3000 }, '1970-01-01T00:00:03.000Z'],
    ['none where one was never answered for', { a: 5000, b: null }, null],
    ['none where nothing is known of one', { a: 5000 }, null],
  ])('R10: names as last_answer_at the time %s', (_, times, instant) => {
    const onReady = jest.fn();
    const parameters = {
      feed: { language: 'en-us' },
      caseIds: ['a', 'b'],
      from: { kind: 'start' },
      history: 0,
    } as const;
    const batch = SubscribeBatch.of({ parameters, onReady, isServed: false }, [], () => true);
    batch.answers = new Map(Object.entries(times));
    batch.ready(recovery(['a', 'b']), { idOf: () => 'id' });
    expect(onReady.mock.calls).toMatchObject([[{ last_event_id: 'id', last_answer_at: instant }]]);
  });
});
