import { timeOfCursor } from './upstream-cursor.js';

describe('a cursor of the upstream', () => {
  it.each<[string, number | null]>([
    ['1594252800', 1_594_252_800_000],
    ['1594252800999', 1_594_252_800_000],
    ['1594252800999999', 1_594_252_800_000],
    ['1594252800999999999', 1_594_252_800_000],
    ['', null],
    ['0594252800', null],
    ['159425280', null],
    ['15942528009', null],
    ['15942528009999999999', null],
    ['159425280x', null],
    ['0abcdefgh-7', null],
  ])('%j means the second %j', (cursor, time) => expect(timeOfCursor(cursor)).toBe(time));
});
