import fc from 'fast-check';
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

  it('is read in the time zone in which it is written', () => {
    expect(parseCreateTime('2020-07-09 00:00:00', 0)).toBe(Date.parse('2020-07-09T00:00:00Z'));
    expect(parseCreateTime('2020-07-09 00:00:00', 480)).toBe(Date.parse('2020-07-08T16:00:00Z'));
    expect(parseCreateTime('2024-02-29 23:59:59', -210)).toBe(Date.parse('2024-03-01T03:29:59Z'));
  });

  it.each([
    ['2020-07-09T00:00:00', '2020-07-08T16:00:00.000Z'],
    ['2020-07-09t00:00:00', '2020-07-08T16:00:00.000Z'],
    ['2020-07-09T00:00', '2020-07-08T16:00:00.000Z'],
    ['2020-07-09 00:00:00.5', '2020-07-08T16:00:00.500Z'],
    ['2020-07-09T00:00:00,25', '2020-07-08T16:00:00.250Z'],
    ['2020-07-09T00:00:00.123456789', '2020-07-08T16:00:00.123Z'],
    ['2020-07-09T00:00:00Z', '2020-07-09T00:00:00.000Z'],
    ['2020-07-09 00:00:00Z', '2020-07-09T00:00:00.000Z'],
    ['2020-07-09T00:00Z', '2020-07-09T00:00:00.000Z'],
    ['2020-07-09t00:00:00.999z', '2020-07-09T00:00:00.999Z'],
    ['2020-07-09T00:00:00+08:00', '2020-07-08T16:00:00.000Z'],
    ['2020-07-09T00:00:00.007+0530', '2020-07-08T18:30:00.007Z'],
    ['2020-07-09T00:00:00-03', '2020-07-09T03:00:00.000Z'],
    ['2020-07-09T00:00:00+00:00', '2020-07-09T00:00:00.000Z'],
  ])('reads %s, with or without a zone of its own, under GMT+8', (text, time) =>
    expect(new Date(parseCreateTime(text, 480) ?? NaN).toISOString()).toBe(time),
  );

  it('is read in every form in which JavaScript writes ISO 8601', () => {
    const at = fc.date({
      min: new Date('1000-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    });
    fc.assert(fc.property(at, (date) => expect(parseCreateTime(date.toISOString(), 480)).toBe(date.getTime())));
  });

  it.each([
    null,
    undefined,
    1594224000000,
    '',
    '2020-07-09',
    '2020-07-09T',
    '2020-07-09T00:00:',
    '2020-07-09T00:00.5',
    '2020-07-09T00:00:00.',
    '2020-07-09T00:00:00 Z',
    '2020-07-09T00:00:00+15:00',
    '2020-07-09T00:00:00+08:60',
    '2020-07-09T00:00:00+8',
    '2020-07-09T00:00:60Z',
    '2020-07-09_00:00:00',
    '2020-07-09T00:00:00Zjunk',
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
