import { DrivenHub, leading, LIVE } from '../test/driven-hub.js';
import { idOf } from '../test/model-gateway.js';
import type { HeardEvent } from './tab-hub.js';

const unread = (offset: number): HeardEvent => ({
  name: 'unread',
  data: { id: idOf(offset), case_id: 'A', unread_num: offset, status: 1, seen_at: '' },
});

/** A leader whose only tab left A, and that follows it no more. */
function left(hub = leading()): DrivenHub {
  hub.step({ type: 'close', tab: 'one', link: 1 });
  hub.step({ type: 'lingered' });
  return hub;
}

describe('a ticket that is left, and followed again by the tab with the connection', () => {
  it('is not said to be complete since then: what came meanwhile is not held', () => {
    const hub = left();
    hub.open('two', idOf(3), 'A');
    expect(hub.told('two')).toEqual([]);
    hub.ready(6, ['A']);
    expect(hub.told('two')).toEqual(['not-held']);
  });

  it('has no unread count of before', () => {
    const hub = leading();
    hub.hear(unread(4));
    left(hub).open('two', null, 'A');
    hub.ready(6, ['A']);
    expect(hub.told('two')).toEqual(['ready A']);
  });

  it('is not served by the replay that was asked for before', () => {
    const hub = left();
    hub.ready(5, ['A']);
    hub.open('two', null, 'A');
    expect(hub.told('two')).toEqual([]);
    hub.ready(6, ['A']);
    expect(hub.told('two')).toEqual(['ready A']);
  });

  it('is left again, after a while again', () => {
    const hub = left();
    hub.open('two', null, 'A');
    hub.step({ type: 'close', tab: 'two', link: 1 });
    expect(hub.effects.at(-1)).toEqual({ type: 'timer', name: 'lingered' });
  });
});

describe('what a tab is told by the tab with the connection', () => {
  it('is not that a ticket is refused which the upstream shows again, nor that one is unknown whose first poll is complete', () => {
    const hub = leading();
    hub.hear({ name: 'revoked', data: { case_ids: ['A'], reason: 'upstream' } });
    hub.message('A', 4);
    hub.open('two', null, 'B');
    hub.ready(4, ['B'], ['B']);
    hub.hear({ name: 'backfilled', data: { case_ids: ['B'] } });
    hub.open('three', null, 'A', 'B');
    expect(hub.told('three')).toEqual(['message A 3', 'message A 4', 'ready A B']);
    expect(hub.effects.at(-1)).toMatchObject({ message: { event: { data: { pending: [], recovered: false } } } });
  });

  it('is that nothing is missing since its position, also of a ticket that has no events', () => {
    const hub = leading();
    hub.open('two', null, 'B');
    hub.ready(3, ['B']);
    hub.open('three', idOf(3), 'B');
    expect(hub.told('three')).toEqual(['ready B']);
    expect(hub.effects.at(-1)).toMatchObject({ message: { event: { data: { recovered: true } } } });
  });

  it('is the rest when a right to one of its tickets has ended before that came', () => {
    const hub = leading();
    hub.open('two', null, 'A', 'B');
    hub.hear({ name: 'revoked', data: { case_ids: ['B'], reason: 'rights' } });
    expect(hub.told('two')).toEqual(['revoked rights', 'message A 2', 'message A 3', 'ready A']);
  });

  it('is a replay as large as it is, without being called slow', () => {
    const hub = new DrivenHub();
    const caseIds = Array.from({ length: 501 }, (_, at) => `T${at}`);
    hub.open('one', null, ...caseIds);
    hub.step({ type: 'gathered' });
    for (let offset = 1; offset <= 2 * caseIds.length; offset += 1) hub.message(caseIds[offset % 501] ?? '', offset);
    hub.ready(1002, caseIds);
    expect(hub.told('one')).toHaveLength(1003);
    expect(hub.told('one').at(-1)).toMatch(/^ready/);
  });

  it('is nothing more after a refusal', () => {
    const hub = leading();
    hub.step({ type: 'state', state: { name: 'denied', reason: 'unauthorized', message: 'no' } });
    hub.open('two', null, 'A');
    hub.step({ type: 'state', state: LIVE });
    hub.message('A', 4);
    expect(hub.told('one').at(-1)).toBe('refused');
    expect(hub.told('two').at(-1)).toBe('message A 4');
  });

  it('is watched for again when it comes back after its end', () => {
    const hub = leading();
    hub.step({ type: 'gone', tab: 'one' });
    hub.open('one', null, 'A');
    expect(hub.effects.filter(({ type }) => type === 'watch')).toHaveLength(2);
  });
});
