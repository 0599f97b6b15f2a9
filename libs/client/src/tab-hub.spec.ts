import { DrivenHub, leading, LIVE } from '../test/driven-hub.js';
import { idOf } from '../test/model-gateway.js';
import type { HeardEvent } from './tab-hub.js';

describe('the tab with the connection', () => {
  it('begins at the oldest position of all tabs, when they had time to say it', () => {
    const hub = new DrivenHub();
    hub.open('one', idOf(5), 'A');
    hub.open('two', idOf(3), 'B');
    hub.open('three', null, 'C');
    expect(hub.done).toEqual([]);
    hub.step({ type: 'gathered' });
    const kept = { position: idOf(3), caseIds: ['A', 'B'] };
    expect(hub.done).toEqual([
      { type: 'start', kept },
      { type: 'follow', caseIds: ['A', 'B', 'C'] },
    ]);
  });

  it('gives each tab only what is new to it, when it begins at the position of another one', () => {
    const hub = new DrivenHub();
    hub.open('one', idOf(5), 'A');
    hub.open('two', idOf(3), 'A');
    hub.step({ type: 'gathered' });
    for (const offset of [4, 5, 6]) hub.message('A', offset);
    hub.ready(6, ['A']);
    expect(hub.told('one')).toEqual(['message A 6', 'ready A']);
    expect(hub.told('two')).toEqual(['message A 4', 'message A 5', 'message A 6', 'ready A']);
  });

  it('gives a tab that comes late the last events at once, then live ones', () => {
    const hub = leading();
    hub.open('two', null, 'A');
    expect(hub.told('two')).toEqual(['message A 2', 'message A 3', 'ready A']);
    hub.message('A', 4);
    expect(hub.told('two').slice(3)).toEqual(['message A 4']);
    expect(hub.done).toEqual([
      { type: 'start', kept: null },
      { type: 'follow', caseIds: ['A'] },
    ]);
  });

  it('gives a tab that was away what came since its position', () => {
    const hub = leading();
    hub.open('two', idOf(1), 'A');
    expect(hub.told('two')).toEqual(['message A 2', 'message A 3', 'ready A']);
  });

  it('gives a tab that has come further than it nothing again', () => {
    const hub = leading();
    hub.open('two', idOf(4), 'A');
    hub.message('A', 4);
    hub.message('A', 5);
    expect(hub.told('two')).toEqual(['ready A', 'message A 5']);
  });

  it('says what it does not hold any more, and nothing after that: it would be in disorder', () => {
    const hub = leading();
    hub.message('A', 4);
    hub.open('two', idOf(0), 'A');
    hub.message('A', 5);
    expect(hub.told('two')).toEqual(['not-held']);
    hub.open('three', idOf(1), 'A');
    expect(hub.told('three')).toEqual(['not-held']);
    hub.open('four', idOf(2), 'A');
    expect(hub.told('four')).toEqual(['message A 3', 'message A 4', 'message A 5', 'ready A']);
  });

  it('says to each tab what is of its tickets, and nothing of others', () => {
    const hub = leading();
    hub.open('two', null, 'B');
    expect(hub.told('two')).toEqual([]);
    hub.message('A', 4);
    hub.message('B', 5);
    hub.ready(5, ['B']);
    hub.hear({ name: 'gap', data: { case_ids: ['A'], reason: 'history_truncated' } });
    hub.message('A', 6);
    expect(hub.told('two')).toEqual(['message B 5', 'ready B']);
  });

  it('tells a tab that is too far behind to begin again, and forgets it', () => {
    const hub = leading();
    const live = hub.told('one').length;
    for (let offset = 4; offset < 1100; offset += 1) hub.message('A', offset);
    expect(hub.told('one').slice(live)).toHaveLength(1000 - 3);
    expect(hub.told('one').at(-1)).toBe('closing slow_consumer');
  });

  it('goes on with a tab that takes its events', () => {
    const hub = leading();
    for (let offset = 4; offset < 1100; offset += 1) {
      hub.message('A', offset);
      hub.step({ type: 'taken', tab: 'one', link: 1, count: 1 });
    }
    expect(hub.told('one').at(-1)).toBe('message A 1099');
  });

  it('leaves a ticket that nobody wants, after a while', () => {
    const hub = leading();
    hub.open('two', null, 'B');
    hub.step({ type: 'close', tab: 'one', link: 1 });
    expect(hub.effects.at(-1)).toEqual({ type: 'timer', name: 'lingered' });
    hub.step({ type: 'lingered' });
    expect(hub.done.at(-1)).toEqual({ type: 'leave', caseIds: ['A'] });
    hub.step({ type: 'gone', tab: 'two' });
    hub.step({ type: 'lingered' });
    expect(hub.done.at(-1)).toEqual({ type: 'leave', caseIds: ['B'] });
  });

  it('answers a tab that asks whether it is there, and one that it does not know', () => {
    const hub = leading();
    hub.step({ type: 'ping', tab: 'one', link: 1 });
    expect(hub.told('one').at(-1)).toBe('alive');
    hub.step({ type: 'ping', tab: 'two', link: 1 });
    expect(hub.told('two')).toEqual(['closing leader']);
  });

  it('tells those that wait why it has no connection, at once and when they ask', () => {
    const hub = new DrivenHub();
    hub.open('one', null, 'A');
    hub.step({ type: 'gathered' });
    hub.step({ type: 'state', state: { name: 'connecting', reason: 'no answer', retryInMs: 500 } });
    hub.step({ type: 'ping', tab: 'one', link: 1 });
    const alive = { type: 'send', tab: 'one', message: { type: 'alive', link: 1, reason: 'no answer' } };
    expect(hub.effects.slice(-2)).toEqual([alive, alive]);
    hub.step({ type: 'state', state: { name: 'connecting' } });
    expect(hub.effects.at(-1)).toEqual({ ...alive, message: { type: 'alive', link: 1 } });
  });

  it('tells a right that has ended to the tabs of the ticket, and follows it no more', () => {
    const hub = leading();
    hub.open('two', null, 'B');
    hub.hear({ name: 'revoked', data: { case_ids: ['A'], reason: 'rights' } });
    expect(hub.told('one').at(-1)).toBe('revoked rights');
    expect(hub.told('two')).toEqual([]);
    expect(hub.done.at(-1)).toEqual({ type: 'leave', caseIds: ['A'] });
    hub.message('A', 4);
    expect(hub.told('one').at(-1)).toBe('revoked rights');
  });

  it('tells a tab that comes late what it would have heard: a ticket refused, and one still unknown', () => {
    const hub = leading();
    hub.hear({ name: 'revoked', data: { case_ids: ['A'], reason: 'upstream' } });
    hub.open('two', null, 'A', 'B');
    hub.ready(3, ['B'], ['B']);
    expect(hub.told('two')).toEqual(['message A 2', 'message A 3', 'revoked upstream', 'ready A B']);
    const ready = hub.effects.at(-1);
    expect(ready).toMatchObject({ message: { event: { data: { pending: ['B'], last_answer_at: 'then' } } } });
  });

  it('tells the upstream once to each live tab, and again after a cut', () => {
    const hub = leading();
    const degraded: HeardEvent = { name: 'upstream', data: { state: 'degraded', reason: 'timeout', since: '' } };
    hub.hear(degraded);
    hub.hear(degraded); // Each ticket's subscription hears it.
    expect(hub.told('one').filter((text) => text === 'upstream timeout')).toHaveLength(1);
    hub.open('two', null, 'A');
    expect(hub.told('two').slice(-2)).toEqual(['upstream timeout', 'ready A']);
    hub.step({ type: 'state', state: { name: 'connecting', reason: 'cut' } });
    hub.open('one', idOf(3), 'A');
    hub.step({ type: 'state', state: LIVE });
    hub.hear(degraded);
    expect(hub.told('one').slice(-3)).toEqual(['closing cut', 'ready A', 'upstream timeout']);
  });

  it('hands on a refusal, and tries again when a tab comes', () => {
    const hub = leading();
    hub.step({ type: 'state', state: { name: 'denied', reason: 'unauthorized', message: 'no' } });
    expect(hub.told('one').at(-1)).toBe('refused');
    hub.open('two', null, 'A');
    expect(hub.done.at(-1)).toEqual({ type: 'retry' });
  });

  it('closes the links of live tabs when its connection is lost, so that they begin again from their positions', () => {
    const hub = leading();
    hub.step({ type: 'state', state: { name: 'connecting', reason: 'draining', retryInMs: 100 } });
    expect(hub.told('one').at(-1)).toBe('closing draining');
    hub.message('A', 4);
    expect(hub.told('one').at(-1)).toBe('closing draining');
  });

  it('tells a tab that comes later the last unread count of its tickets, and not those of others', () => {
    const hub = leading();
    const unread = (caseId: string, offset: number): HeardEvent => ({
      name: 'unread',
      data: { id: idOf(offset), case_id: caseId, unread_num: offset, status: 1, seen_at: '' },
    });
    [unread('A', 4), unread('B', 5), unread('A', 6)].forEach((event) => hub.hear(event));
    expect(hub.told('one').slice(-2)).toEqual(['unread A 4', 'unread A 6']);
    hub.open('two', null, 'A');
    expect(hub.told('two').slice(-2)).toEqual(['unread A 6', 'ready A']);
  });
});
