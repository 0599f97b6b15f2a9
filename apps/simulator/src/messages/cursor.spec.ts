import { isAfter, type Position, readCursor, writeCursor } from './cursor.js';

const at = (timeMs: number, fraction = 7): Position => ({ timeMs, fraction });
const NOON = 1_768_478_400_250;

describe('cursor', () => {
  it.each([
    ['string', `"${NOON}"`],
    ['number', `${NOON}`],
    ['number19', `${NOON}000007`],
  ] as const)('is written as %s', (form, json) => {
    expect(writeCursor(at(NOON), form)).toBe(json);
  });

  it('is null where there is no position', () => {
    expect(writeCursor(undefined, 'string')).toBe('null');
  });

  it('has nineteen digits that a JavaScript number cannot hold', () => {
    const digits = writeCursor(at(NOON), 'number19');
    expect(digits).toHaveLength(19);
    expect(BigInt(Number(digits))).not.toBe(BigInt(digits));
  });

  it('does not sort by time if it is opaque', () => {
    const cursors = [at(NOON), at(NOON + 1), at(NOON + 10), at(NOON + 100)].map((each) => writeCursor(each, 'opaque'));
    expect(cursors.every((cursor) => /^"c_[\w-]+"$/.test(cursor))).toBe(true);
    expect([...cursors].sort()).not.toEqual(cursors);
  });

  it.each(['number19', 'opaque'] as const)('is read back exactly as %s', (form) => {
    const sent: unknown = writeCursor(at(NOON), form).replaceAll('"', '');
    expect(readCursor(String(sent), 'exclusive')).toEqual(at(NOON));
  });

  it('stands for a whole millisecond if it has no finer digits', () => {
    const message = at(NOON, 999_999);
    expect(isAfter(message, readCursor(String(NOON), 'exclusive')!, 'exclusive')).toBe(false);
    expect(isAfter(message, readCursor(String(NOON), 'inclusive')!, 'inclusive')).toBe(true);
    expect(isAfter(at(NOON + 1, 0), readCursor(String(NOON), 'exclusive')!, 'exclusive')).toBe(true);
  });

  it.each(['yesterday', '-5', '1.5', 'c_', 'c_AAAA', '1e12'])('is not %s', (cursor) => {
    expect(readCursor(cursor, 'exclusive')).toBeUndefined();
  });
});
