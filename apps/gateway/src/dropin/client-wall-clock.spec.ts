import { ClientWallClock } from './client-wall-clock.js';
import { timeOfCursor } from './upstream-cursor.js';

describe('the wall clock of a client', () => {
  const clock = (zone?: string, upstream = 'GMT+8') => new ClientWallClock(upstream, zone);

  it('writes create_time in the zone of the client, and leaves everything else as it was written', () => {
    const message = '{"price":1.10,"create_time":"2020-07-09 00:30:00","n":9007199254740993,"note":"create_time"}';
    expect(clock('GMT').write(message)).toBe(message.replace('2020-07-09 00:30:00', '2020-07-08 16:30:00'));
    expect(clock('UTC-3:30').write(message)).toContain('"create_time":"2020-07-08 13:00:00"');
  });

  it.each([
    ['2020-07-09T00:30:00.250', '2020-07-08T16:30:00.250'],
    ['2020-07-09T00:30', '2020-07-08T16:30'],
    ['2020-07-09T00:30:00Z', '2020-07-09T00:30:00Z'],
    ['2020-07-09T00:30:00+08:00', '2020-07-09T00:30:00+08:00'],
    ['soon', 'soon'],
  ])('knows %s', (given, written) => {
    expect(clock('GMT').write(JSON.stringify({ create_time: given }))).toBe(JSON.stringify({ create_time: written }));
  });

  it('takes the zone that the upstream takes for a client that names none, and touches nothing in its own', () => {
    const odd = '{"create_time" : "2020-07-09 00:30:00"}';
    expect(clock().write(odd)).toBe(odd);
    expect(clock(undefined, 'GMT').write('{"create_time":"2020-07-09 00:00:00"}')).toContain('2020-07-09 08:00:00');
    expect(clock('GMT').write('[]')).toBe('[]');
    expect(() => clock('Mars')).toThrow('X-Time-Zone');
  });
});

describe('the time of a cursor', () => {
  it.each([
    ['1768478400', 1_768_478_400_000],
    ['1768478400250', 1_768_478_400_000],
    ['1768478400250123456', 1_768_478_400_000],
    ['c_1768478400250', null],
    ['0768478400250', null],
    ['42', null],
    ['', null],
    ['0mwtcnjrpo8nsa-000000000003-signature01', null],
  ])('of %p is %p', (cursor, time) => {
    expect(timeOfCursor(cursor)).toBe(time);
  });
});
