import { parseCreateTime, parseTimeZone } from './create-time.js';

describe('create_time', () => {
  it.each([
    ['GMT', 0],
    ['UTC', 0],
    ['GMT+8', 480],
    ['GMT+08:00', 480],
    ['UTC-3:30', -210],
    ['GMT+14', 840],
  ])('reads the zone %s as %d minutes', (zone, minutes) => expect(parseTimeZone(zone)).toBe(minutes));

  it.each(['', 'GMT+15', 'GMT+8:60', 'Asia/Shanghai', 'gmt', 'GMT+8 '])('refuses the zone %j', (zone) =>
    expect(() => parseTimeZone(zone)).toThrow(RangeError),
  );

  it('is an instant of the wall clock it is written in', () => {
    expect(parseCreateTime('2020-07-09 00:00:00', 0)).toBe(Date.parse('2020-07-09T00:00:00Z'));
    expect(parseCreateTime('2020-07-09 00:00:00', 480)).toBe(Date.parse('2020-07-08T16:00:00Z'));
    expect(parseCreateTime('2024-02-29 23:59:59', -210)).toBe(Date.parse('2024-03-01T03:29:59Z'));
  });

  it.each([
    null,
    undefined,
    1594224000000,
    '',
    '2020-07-09',
    '2020-07-09T00:00:00',
    '2020-13-01 00:00:00',
    '2020-00-01 00:00:00',
    '2020-01-00 00:00:00',
    '2023-02-29 00:00:00',
    '2020-07-09 24:00:00',
    '2020-07-09 00:60:00',
    '2020-07-09 00:00:6a',
    '0000-00-00 00:00:00',
    ' 020-07-09 00:00:00',
  ])('%j is no time', (text) => expect(parseCreateTime(text, 480)).toBeNull());
});
