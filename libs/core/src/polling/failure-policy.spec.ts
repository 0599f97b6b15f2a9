import { ManualClock } from '#testing';
import { feedKey } from '../model/feed.js';
import { UPSTREAM_FAILURES, UpstreamFailure, type UpstreamFailureCode } from '../model/upstream-failure.js';
import { FailurePolicy } from './failure-policy.js';
import type { TicketSet } from './ticket-set.js';

const PACE = { intervalMs: 1000, intervalMaxMs: 5000 };
/** Long enough for a set to be at its slowest. */
const IDLE_MS = 3_600_000;
const OWN = (Object.keys(UPSTREAM_FAILURES) as UpstreamFailureCode[]).filter(
  (code) => UPSTREAM_FAILURES[code].retry === 'own',
);

function setWith(changes: Partial<TicketSet>): TicketSet {
  return {
    ref: { feed: feedKey({ language: 'en-us' }), id: 1 },
    fence: 1,
    members: ['a', 'b'],
    joining: [],
    cursorHistory: null,
    answerDigest: null,
    order: 'oldest_first',
    activeAt: 0,
    dueAt: 0,
    failures: 0,
    bisection: null,
    ...changes,
  };
}

/** How long a set waits after `failures` failures in a row, ms. */
async function waitAfter(code: UpstreamFailureCode, failures: number, idleMs: number, random: number): Promise<number> {
  const clock = new ManualClock();
  const nothing = async () => undefined;
  const policy = new FailurePolicy(
    {
      store: { fail: nothing, recordBisection: nothing },
      quota: { throttled: nothing },
      clock,
      telemetry: { failed: () => undefined, quarantined: () => undefined },
      random: () => random,
    },
    PACE,
  );
  const set = setWith({ failures: failures - 1, activeAt: clock.now() - idleMs });
  const { members: tickets } = set;
  const poll = {
    set,
    tickets,
    asked: tickets,
    bisection: null,
    cursorTrial: null,
    answeredSince: Number.NEGATIVE_INFINITY,
  };
  return (await policy.after(new UpstreamFailure(code, 'for a test'), poll)) - clock.now();
}

describe('a set whose poll failed', () => {
  it.each(OWN)('is never asked for faster than before, nor much slower: %s', async (code) => {
    for (const [idleMs, intervalMs] of [
      [0, PACE.intervalMs],
      [IDLE_MS, PACE.intervalMaxMs],
    ] as const) {
      for (const failures of [1, 2, 3, 10, 1000]) {
        for (const random of [0, 0.999]) {
          const wait = await waitAfter(code, failures, idleMs, random);
          expect(wait).toBeGreaterThanOrEqual(intervalMs);
          expect(wait).toBeLessThanOrEqual(intervalMs + 500);
        }
      }
    }
  });
});
