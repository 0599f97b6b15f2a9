import { messageEvent } from '../test/model-gateway.js';
import type { Client, Handlers } from './client-api.js';
import type { TicketMessage } from './events.js';
import { messagesOf, ticketView, type TicketSnapshot } from './ticket-view.js';

const message = (id: string, caseId = 'A'): TicketMessage => messageEvent({ id, case_id: caseId }).data;

/** A view of A and B, with the handlers of each subscription that it has made. */
function setUp(initial?: Partial<TicketSnapshot>) {
  const subscriptions: Handlers[] = [];
  let ended = 0;
  const subscribe: Client['subscribe'] = (caseIds, handlers = {}) => {
    expect(caseIds).toEqual(['A', 'B']);
    subscriptions.push(handlers);
    return { unsubscribe: () => (ended += 1) } as unknown as ReturnType<Client['subscribe']>;
  };
  const view = ticketView({ subscribe } as Client, ['A', 'B'], initial);
  const shown = () => view.getSnapshot();
  return { view, subscriptions, shown, ended: () => ended };
}

const ready = (caseIds: string[], pending: string[] = []) => ({
  ...{ case_ids: caseIds, language: 'zh-cn', last_event_id: '9', recovered: false, replayed: 0, last_answer_at: null },
  pending,
});

describe('what a page shows of its tickets', () => {
  it('is followed from the first listener to the last, and again by a later one', () => {
    const { view, subscriptions, ended } = setUp();
    expect(subscriptions).toHaveLength(0);
    const listener = () => undefined;
    const stops = [view.subscribe(listener), view.subscribe(listener)];
    expect(subscriptions).toHaveLength(1);
    stops[0]?.();
    expect(ended()).toBe(0);
    stops[1]?.();
    expect(ended()).toBe(1);
    view.subscribe(listener)();
    expect([subscriptions.length, ended()]).toEqual([2, 2]);
  });

  it('has each message once, also one that a server has rendered, and is another object after each change', () => {
    const { view, subscriptions, shown } = setUp({ messages: [message('1')] });
    const seen: TicketSnapshot[] = [];
    view.subscribe(() => seen.push(shown()));
    for (const id of ['1', '2', '2', '3']) subscriptions[0]?.onMessage?.(message(id));
    expect(shown().messages.map(({ id }) => id)).toEqual(['1', '2', '3']);
    expect(seen.map(({ messages }) => messages.length)).toEqual([2, 3]);
    expect(shown()).toBe(shown());
  });

  it('keeps the read status and the unread count of each ticket', () => {
    const { view, subscriptions, shown } = setUp({ status: { A: 0 } });
    view.subscribe(() => undefined);
    const of = (caseId: string) => ({ id: '1', case_id: caseId, seen_at: '' });
    const { onStatus, onUnread } = subscriptions[0] ?? {};
    onStatus?.({ ...of('B'), status: 1 });
    onUnread?.({ ...of('A'), unread_num: 2, status: 1 });
    onUnread?.({ ...of('B'), unread_num: 3, status: null });
    onStatus?.({ ...of('A'), status: 1 });
    expect(shown()).toMatchObject({ status: { A: 1, B: 1 }, unread: { A: 2, B: 3 } });
  });

  it('is ready when a replay has ended, and says of which tickets nothing is known yet', () => {
    const { view, subscriptions, shown } = setUp();
    view.subscribe(() => undefined);
    const { onReady, onBackfilled } = subscriptions[0] ?? {};
    expect(shown().isReady).toBe(false);
    onReady?.(ready(['A', 'B'], ['A', 'B']));
    expect(shown()).toMatchObject({ isReady: true, pending: ['A', 'B'] });
    onReady?.(ready(['A'], ['A']));
    expect(shown().pending).toEqual(['B', 'A']);
    onBackfilled?.({ case_ids: ['A'] });
    expect(shown().pending).toEqual(['B']);
    onReady?.(ready(['B']));
    expect(shown().pending).toEqual([]);
  });

  it('says what is missing, and which tickets may not be read any more, each once', () => {
    const { view, subscriptions, shown } = setUp({ revoked: ['A'] });
    view.subscribe(() => undefined);
    const { onGap, onRevoked } = subscriptions[0] ?? {};
    onGap?.({ case_ids: ['B'], reason: 'unknown_position' });
    onRevoked?.({ case_ids: ['B', 'A'], reason: 'rights' });
    expect(shown()).toMatchObject({ gap: { reason: 'unknown_position' }, revoked: ['A', 'B'] });
  });

  it('begins with the messages of a page of history', () => {
    const page = [
      { event: 'message', ...message('1') },
      { event: 'status', id: '2', case_id: 'A', status: 1, seen_at: '' },
    ];
    expect(messagesOf(page).map(({ id }) => id)).toEqual(['1']);
  });
});
