import { UPSTREAM_FAILURES, UpstreamFailure } from './upstream-failure.js';

describe('the table of upstream failures', () => {
  it('is what OPERATIONS.md and PROTOCOL.md say', () => {
    expect(UPSTREAM_FAILURES).toEqual({
      unauthorized: { retry: 'own', reason: 'upstream_unauthorized' },
      refused: { retry: 'bisect', reason: 'upstream_refused' },
      doubted: { retry: 'try_cursor', reason: 'upstream_rejected' },
      rejected: { retry: 'own', reason: 'upstream_rejected' },
      throttled: { retry: 'account', reason: 'upstream_throttled' },
      unavailable: { retry: 'own', reason: 'upstream_unavailable' },
      timeout: { retry: 'own', reason: 'upstream_timeout' },
      malformed: { retry: 'own', reason: 'upstream_malformed' },
    });
  });

  it('has the code of each failure', () => {
    const failure = new UpstreamFailure('throttled', 'the upstream answered 429', 5000);
    expect(failure).toBeInstanceOf(Error);
    expect({ ...failure, message: failure.message }).toEqual({
      name: 'UpstreamFailure',
      code: 'throttled',
      message: 'the upstream answered 429',
      retryAfterMs: 5000,
    });
  });
});
