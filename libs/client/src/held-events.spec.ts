import { idOf, messageEvent } from '../test/model-gateway.js';
import { HeldEvents } from './held-events.js';

type Publication = Parameters<HeldEvents['add']>[0];
const message = (caseId: string, offset: number) => messageEvent({ id: idOf(offset), case_id: caseId }) as Publication;
const offsets = (events: readonly Publication[] | null) =>
  events?.map(({ data }) => Number(data.id.slice(-12))) ?? null;

describe('the events that the tab with the connection holds', () => {
  const both = new Set(['A', 'B']);
  let held: HeldEvents;
  beforeEach(() => {
    held = new HeldEvents(2, 3);
    held.begin(['A', 'B'], idOf(0));
    for (const [caseId, offset] of [
      ['A', 1],
      ['B', 2],
      ['A', 3],
      ['A', 4],
    ] as const) {
      held.add(message(caseId, offset));
    }
  });

  it('are given since a position, of all tickets, in the order of their ids', () => {
    expect(offsets(held.since(both, idOf(0)))).toEqual([1, 2, 3, 4]);
    expect(offsets(held.since(both, idOf(2)))).toEqual([3, 4]);
    expect(offsets(held.since(both, idOf(4)))).toEqual([]);
  });

  it('are the last ones of each ticket without a position', () => {
    expect(offsets(held.since(both, null))).toEqual([2, 3, 4]);
  });

  it('are not given in part: what has been dropped is said', () => {
    held.add(message('A', 5));
    expect(held.since(both, idOf(0))).toBeNull();
    expect(offsets(held.since(both, idOf(1)))).toEqual([2, 3, 4, 5]);
    expect(offsets(held.since(new Set(['B']), idOf(0)))).toEqual([2]);
  });

  it('are not given of a ticket of which nothing is known', () => {
    expect(held.since(new Set(['C']), idOf(0))).toBeNull();
    held.forget('A');
    expect(held.since(both, idOf(4))).toBeNull();
  });

  it('are none without a position if none is held', () => {
    expect(new HeldEvents(0, 3).since(both, null)).toEqual([]);
    held = new HeldEvents(0, 3);
    held.add(message('A', 1));
    expect(held.since(both, null)).toEqual([]);
  });
});
