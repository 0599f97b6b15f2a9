import { CLOSE_REASONS, closing } from './close-reasons.js';
import type { CloseReason } from './events.js';

describe('closing', () => {
  it.each(Object.keys(CLOSE_REASONS) as CloseReason[])('spreads the return of clients after %s', (reason) => {
    const [least, most] = CLOSE_REASONS[reason].retryMs;
    expect(closing(reason, 0)).toEqual({ reason, retry_ms: least });
    expect(closing(reason, 0.999_999).retry_ms).toBe(most);
    expect(most).toBeGreaterThan(least);
  });
});
