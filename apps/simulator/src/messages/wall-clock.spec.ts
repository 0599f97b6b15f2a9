import { wallClock, WallClocks } from './wall-clock.js';

const NEW_YEAR = Date.UTC(2026, 0, 1, 0, 30, 59, 999);

describe('wallClock', () => {
  it.each([
    ['GMT+8', '2026-01-01 08:30:59'],
    ['GMT+08:00', '2026-01-01 08:30:59'],
    ['gmt-1', '2025-12-31 23:30:59'],
    ['GMT-03:30', '2025-12-31 21:00:59'],
    ['UTC+0545', '2026-01-01 06:15:59'],
    ['GMT', '2026-01-01 00:30:59'],
    ['UTC', '2026-01-01 00:30:59'],
    ['Asia/Shanghai', '2026-01-01 08:30:59'],
    ['America/St_Johns', '2025-12-31 21:00:59'],
  ])('in %s writes %s', (zone, written) => {
    expect(wallClock(zone)?.format(NEW_YEAR)).toBe(written);
  });

  it.each([
    ['GMT+8', 'iso', '2026-01-01T08:30:59'],
    ['GMT+8', 'iso_offset', '2026-01-01T08:30:59.999+08:00'],
    ['GMT-03:30', 'iso_offset', '2025-12-31T21:00:59.999-03:30'],
    ['Asia/Shanghai', 'iso_offset', '2026-01-01T08:30:59.999+08:00'],
    ['GMT+8', 'iso_utc', '2026-01-01T00:30:59.999Z'],
  ] as const)('in %s writes, where the form is %s, %s', (zone, form, written) => {
    expect(wallClock(zone)?.format(NEW_YEAR, form)).toBe(written);
  });

  it('uses summer time for a named zone', () => {
    const berlin = wallClock('Europe/Berlin');
    expect(berlin?.format(Date.UTC(2026, 0, 1, 12))).toBe('2026-01-01 13:00:00');
    expect(berlin?.format(Date.UTC(2026, 6, 1, 12))).toBe('2026-07-01 14:00:00');
  });

  it.each(['', 'GMT+15', 'GMT+8:60', 'GMT8', 'Nowhere', '+25:00'])('does not understand "%s"', (zone) => {
    expect(wallClock(zone)).toBeUndefined();
  });

  it('is the same object for the same zone', () => {
    const clocks = new WallClocks();
    expect(clocks.get('GMT+8')).toBe(clocks.get('GMT+8'));
    expect(clocks.get('Nowhere')).toBeUndefined();
  });
});
