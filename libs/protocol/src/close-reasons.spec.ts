import { CLOSE_REASONS, closing } from './close-reasons.js';
import type { CloseReason } from './events.js';

/** The table of PROTOCOL.md, section 2: reason, least and most `retry_ms`. */
const SPREADS: readonly (readonly [CloseReason, number, number])[] = [
  ['token_expired', 0, 1000],
  ['token_revoked', 0, 1000],
  ['slow_consumer', 1000, 5000],
  ['draining', 100, 2000],
  ['replaced', 5000, 15_000],
  ['unavailable', 2000, 5000],
];

describe('closing', () => {
  it.each(SPREADS)('spreads the return of clients after %s from %d to %d ms', (reason, least, most) => {
    expect(closing(reason, 0)).toEqual({ reason, retry_ms: least });
    expect(closing(reason, 0.5)).toEqual({ reason, retry_ms: (least + most) / 2 });
    expect(closing(reason, 0.999_999)).toEqual({ reason, retry_ms: most });
  });

  it('knows no other reason', () => {
    expect(Object.keys(CLOSE_REASONS).sort()).toEqual(SPREADS.map(([reason]) => reason).sort());
  });
});
