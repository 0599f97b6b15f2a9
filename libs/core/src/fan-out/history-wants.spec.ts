import type { HistoryWant } from './ports/broker.js';
import { callsOf, claimOf, HistoryWants } from './history-wants.js';

const want = (caseId: string, atLeast: number, after: number | null): HistoryWant => ({ caseId, atLeast, after });

describe('HistoryWants', () => {
  it('merges wants of one ticket to the largest want', () => {
    const wants = new HistoryWants();
    wants.add([want('a', 2, 7)]);
    wants.add([want('a', 50, null), want('b', 0, 3)]);
    wants.add([want('a', 1, 4)]);
    expect(wants.take()).toEqual([want('a', 50, 4), want('b', 0, 3)]);
    expect(wants.take()).toEqual([]);
  });

  it('keeps the furthest claim of the newest epoch', () => {
    const claim = (epoch: string, offset: number) => ({ ...want('a', 0, null), claim: { epoch, offset } });
    const wants = new HistoryWants();
    wants.add([claim('e1', 9), claim('e2', 3), claim('e2', 5), want('a', 0, null)]);
    expect(wants.take()).toEqual([claim('e2', 5)]);
    const named = [claim('e1', 9), claim('e2', 3), claim('e2', 5), claim('e1', 12)];
    for (const claims of [named, [...named].reverse()]) {
      expect(claimOf(claims)).toEqual({ claim: { epoch: 'e2', offset: 5 } });
    }
    expect(claimOf([want('a', 0, null)])).toStrictEqual({});
  });
});

describe('callsOf', () => {
  it('splits wants into calls of at most 50 tickets, in order', () => {
    const many = Array.from({ length: 120 }, (_, index) => want(`t${index}`, 1, null));
    const calls = callsOf(many);
    expect(calls.map((call) => call.length)).toEqual([50, 50, 20]);
    expect(calls.flat()).toEqual(many);
    expect(callsOf([])).toEqual([]);
  });
});
