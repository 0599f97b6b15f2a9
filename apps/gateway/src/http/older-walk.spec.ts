import type { OlderMessage, OlderPart } from '#core';
import { OlderWalk } from './older-walk.js';
import { LATE_S, startOf, type Seam } from './seam.js';

const SEAM: Seam = { start: startOf(1000, 1), upTo: 50, after: 0, unseenFrom: 900, hasBegunAnew: false };
const at = (second: number, content: string): OlderMessage =>
  ({ message: content, sentAt: second * 1000, second, type: 1 }) as OlderMessage;
const part = (messages: OlderMessage[], more: Partial<OlderPart> = {}): OlderPart => ({
  ...{ answeredAt: 7, messages, next: null, cut: null },
  ...more,
});
const walk = (limit = 10, seam: Partial<Seam> = {}) => new OlderWalk(SEAM.start, { ...SEAM, ...seam }, limit);
const contents = ({ found }: OlderWalk) => found.map(({ message }) => message.message);

describe('the way back of a page', () => {
  it('H7: has the newest messages first, and those of one second in the order of their delivery', () => {
    const way = walk();
    way.take(part([at(10, 'a'), at(20, 'c'), at(20, 'b'), at(30, 'd')]), [null, 4, 3, 9]);
    expect(contents(way)).toEqual(['d', 'c', 'b', 'a']);
    expect(way.found.map(({ offset }) => offset)).toEqual([9, 4, 3, null]);
    expect([way.isExhausted, way.isOver]).toEqual([true, true]);
  });

  it('H8: has nothing that history has, and nothing that is still to be published', () => {
    const way = walk();
    way.take(part([at(10, 'older'), at(20, 'before history'), at(30, 'in history'), at(901, 'to come')]), [
      null,
      49,
      50,
      null,
    ]);
    expect(contents(way)).toEqual(['before history', 'older']);
  });

  it('H7: goes on where the page before has ended, also within a second', () => {
    const messages = [at(10, 'a'), at(20, 'b'), at(20, 'c'), at(20, 'd')];
    const offsets = [1, 2, 3, 4];
    const first = walk(2);
    first.take(part(messages), offsets);
    expect(contents(first)).toEqual(['d', 'c']);
    expect(first.isExhausted).toBe(false);
    const second = new OlderWalk(first.place, SEAM, 10);
    second.take(part(messages), offsets);
    expect([contents(second), second.isExhausted]).toEqual([['b', 'a'], true]);
  });

  it('H7: goes from part to part, each with the type of its newest neighbour', () => {
    const way = walk();
    way.take(part([{ ...at(500, 'b'), type: 0 }], { next: 500 }), [2]);
    expect([way.place, way.isOver]).toEqual([startOf(500, 0), false]);
    way.take(part([at(499, 'a')]), [1]);
    expect(contents(way)).toEqual(['b', 'a']);
  });

  it('H7: ends at the position that the client has, and looks a little further for what came late', () => {
    const way = walk(10, { after: 3 });
    const late = at(100 - LATE_S, 'delivered late');
    way.take(part([at(100 - LATE_S - 1, 'too old'), late, at(100, 'known'), at(101, 'new')]), [9, 8, 3, 7]);
    expect([contents(way), way.isExhausted]).toEqual([['new', 'delivered late'], true]);
  });

  it('H7: has what is older than the place, where history begins before it and will have it again', () => {
    const way = walk(10, { unseenFrom: 10, upTo: 1, hasBegunAnew: true });
    way.take(part([at(10, 'published again'), at(20, 'still to come')]), [1, null]);
    expect(contents(way)).toEqual(['still to come', 'published again']);
  });

  it('H7: keeps the order of a second of which a poll has published a part only', () => {
    const messages = [at(20, 'a'), at(20, 'b'), at(20, 'c')];
    const first = walk(1);
    first.take(part(messages), [null, null, null]);
    const second = new OlderWalk(first.place, { ...SEAM, unseenFrom: 20, upTo: 1, hasBegunAnew: true }, 10);
    second.take(part(messages), [1, 2, null]);
    expect([contents(first), contents(second)]).toEqual([['c'], ['b', 'a']]);
  });

  it('H10: says that a second has more messages than the upstream shows', () => {
    const way = walk();
    way.take(part([at(100, 'a')], { next: 100, cut: 100 }), [1]);
    expect([way.isCut, way.isOver, way.isExhausted]).toEqual([true, true, false]);
  });
});
