import { delta, EMPTY_WINDOW, type DeltaContext, type DeltaEntry } from './delta.js';
import type { AnsweredMessage, UpstreamContent } from './ports/upstream.js';

const context: DeltaContext = {
  asked: new Set(['a', 'b']),
  delivered: EMPTY_WINDOW,
  order: 'oldest_first',
  seenAt: 9000,
  digest: (text) => text,
};

function said(content: string, sentAt: number | null): AnsweredMessage {
  return { message: { content }, sentAt };
}

function answer(lists: Record<string, AnsweredMessage[]>, statuses: Record<string, number> = {}): UpstreamContent {
  return {
    lists: Object.entries(lists).map(([caseId, messages]) => ({ caseId, messages })),
    statuses: Object.entries(statuses).map(([caseId, status]) => ({ caseId, status })),
  };
}

function contents(entries: readonly DeltaEntry[]): string[] {
  return entries.map((one) => (one.kind === 'message' ? one.message.slice(12, -2) : `${one.caseId} ${one.status}`));
}

describe('delta', () => {
  it('is everything for a worker that knows nothing', () => {
    const { entries } = delta(answer({ a: [said('x', 1000)] }, { a: 1 }), context);
    expect(entries).toEqual([
      {
        kind: 'message',
        caseId: 'a',
        identity: '{"content":"x"}.1',
        class: '[1,"","","x"]',
        message: '{"content":"x"}',
        sentAt: 1000,
        seenAt: 9000,
      },
      { kind: 'status', caseId: 'a', status: 1, seenAt: 9000 },
    ]);
  });

  it('is nothing for the same answer again', () => {
    const content = answer({ a: [said('x', 1000), said('x', 1000)], b: [said('x', 1000)] }, { a: 1 });
    const first = delta(content, context);
    expect(contents(first.entries)).toEqual(['x', 'x', 'x', 'a 1']);
    expect(delta(content, { ...context, delivered: first.window }).entries).toEqual([]);
  });

  it('reads a message once that an upstream with a memory gives again', () => {
    const digest = jest.fn((text: string) => text);
    const content = answer({ a: [said('x', 1000), said('y', null)] });
    const first = delta(content, { ...context, digest });
    const read = digest.mock.calls.length;
    expect(read).toBeGreaterThan(0);
    const again = delta(content, { ...context, digest, delivered: first.window });
    expect([again.entries, digest.mock.calls.length]).toEqual([[], read]);
  });

  it('is a whole class when one of its messages is new: the commit finds out which', () => {
    const first = delta(answer({ a: [said('x', 1000), said('y', 1000), said('x', 2000)] }), context);
    const both = answer({ a: [said('x', 1000), said('y', 1000), said('x', 1000), said('x', 2000)] });
    const { entries } = delta(both, { ...context, delivered: first.window });
    expect(entries.map((one) => one.kind === 'message' && one.identity)).toEqual([
      '{"content":"x"}.1',
      '{"content":"x"}.2',
    ]);
  });

  it('is nothing for the same messages in another form', () => {
    const first = delta(answer({ a: [said('x', 1000), said('x', 1000), said('y ', 1000)] }), context);
    const rewritten = (content: string) => ({ message: { added: 1, content, replier: null }, sentAt: 1250 });
    const again = answer({ a: [rewritten('x'), rewritten('x'), rewritten('y')] });
    const second = delta(again, { ...context, delivered: first.window });
    expect(second.entries).toEqual([]);
    const more = answer({ a: [said('x', 1000), rewritten('x'), rewritten('x'), rewritten('y')] });
    expect(contents(delta(more, { ...context, delivered: second.window }).entries)).toHaveLength(3);
  });

  it('knows a message whose time cannot be read by all of its fields', () => {
    const first = delta(answer({ a: [said('x', null), said('x', null)] }), context);
    expect(first.entries).toMatchObject([{ class: null }, { class: null }]);
    const again = { ...context, delivered: first.window };
    expect(delta(answer({ a: [said('x', null), said('x', null)] }), again).entries).toEqual([]);
    const rewritten = { message: { content: 'x', added: 1 }, sentAt: null };
    expect(delta(answer({ a: [rewritten, said('x', null)] }), again).entries).toHaveLength(1);
  });

  it('counts equal messages together if a ticket is listed twice', () => {
    const content: UpstreamContent = {
      lists: [
        { caseId: 'a', messages: [said('x', 1000)] },
        { caseId: 'a', messages: [said('x', 1000)] },
      ],
      statuses: [],
    };
    const { entries } = delta(content, context);
    expect(new Set(entries.map((one) => one.kind === 'message' && one.identity)).size).toBe(2);
  });

  it('ignores tickets that were not asked for', () => {
    const { entries, window } = delta(answer({ z: [said('x', 1000)] }, { z: 1 }), context);
    expect(entries).toEqual([]);
    expect([...window.messages.keys(), ...window.statuses.keys()]).toEqual([]);
  });

  it('is in order of time across tickets, and in the upstream’s order within a second', () => {
    const content = answer({
      a: [said('1', 1000), said('4', 2000), said('5', 2000)],
      b: [said('2', 1000), said('3', 1500)],
    });
    expect(contents(delta(content, context).entries)).toEqual(['1', '2', '3', '4', '5']);
  });

  it('reverses lists that begin with the newest message, and learns this order', () => {
    const learned = delta(answer({ a: [said('3', 2000), said('2', 1000), said('1', 1000)] }), context);
    expect(contents(learned.entries)).toEqual(['1', '2', '3']);
    expect(learned.order).toBe('newest_first');
    const shownNowhere = answer({ a: [said('b', 1000), said('a', 1000)] });
    expect(contents(delta(shownNowhere, { ...context, order: learned.order }).entries)).toEqual(['a', 'b']);
  });

  it('keeps a message whose time cannot be read beside the one it was listed after', () => {
    const content = answer({ a: [said('1', 1000), said('2', null), said('3', 3000)], b: [said('between', 2000)] });
    expect(contents(delta(content, context).entries)).toEqual(['1', '2', 'between', '3']);
  });

  it('has a status only if it changed, and its last value', () => {
    const first = delta(answer({}, { a: 0, b: 1 }), context);
    const second = delta(answer({}, { a: 1, b: 1 }), { ...context, delivered: first.window });
    expect(contents(second.entries)).toEqual(['a 1']);
    const wavering: UpstreamContent = {
      lists: [],
      statuses: [0, 1].map((status) => ({ caseId: 'a', status })),
    };
    expect(contents(delta(wavering, context).entries)).toEqual(['a 1']);
  });

  it('remembers the status of a ticket that an answer does not mention', () => {
    const first = delta(answer({}, { a: 0 }), context);
    const second = delta(answer({}), { ...context, delivered: first.window });
    expect(delta(answer({}, { a: 0 }), { ...context, delivered: second.window }).entries).toEqual([]);
  });
});

describe('the order of an answer', () => {
  const at = (sentAt: number | null) => said(`at ${String(sentAt)}`, sentAt);

  it.each<[string, (number | null)[], DeltaContext['order'], DeltaContext['order']]>([
    ['rising times', [1000, 2000, 3000], 'newest_first', 'oldest_first'],
    ['falling times', [3000, 2000, 1000], 'oldest_first', 'newest_first'],
    ['equal times', [1000, 1000], 'newest_first', 'newest_first'],
    ['equal times, where it was oldest first', [1000, 1000], 'oldest_first', 'oldest_first'],
    ['as many rising as falling times', [1000, 2000, 1000], 'newest_first', 'newest_first'],
    ['times that cannot be read', [null, 5000, null, 6000, null], 'newest_first', 'newest_first'],
    ['an unreadable time among readable ones', [null, 3000, 2000], 'oldest_first', 'newest_first'],
    ['an unreadable time at the end', [1000, 2000, null], 'newest_first', 'oldest_first'],
  ])('by %s', (_, times, before, after) => {
    expect(delta(answer({ a: times.map(at) }), { ...context, order: before }).order).toBe(after);
  });
});
