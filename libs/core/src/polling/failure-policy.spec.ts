import { ManualClock, ticketSetWith } from '#testing';
import { retryDelay } from './cadence.js';
import { UPSTREAM_FAILURES, UpstreamFailure, type UpstreamFailureCode } from '../model/upstream-failure.js';
import { DEFAULT_PAUSE_MS, FailurePolicy, type FailedPoll } from './failure-policy.js';
import type { BisectionStep } from './ports/set-store.js';
import type { TicketSet } from './ticket-set.js';

const PACE = { intervalMs: 1000, intervalMaxMs: 5000 };
/** Long enough for a set to be at its slowest. */
const IDLE_MS = 3_600_000;
const OWN = (Object.keys(UPSTREAM_FAILURES) as UpstreamFailureCode[]).filter(
  (code) => UPSTREAM_FAILURES[code].retry === 'own',
);

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
  const set = ticketSetWith({ failures: failures - 1, activeAt: clock.now() - idleMs });
  const { members: tickets } = set;
  const poll = {
    set,
    sentAt: clock.now(),
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

it.each(['timeout', 'throttled'] as const)(
  'the account pauses after a 429 and after nothing else: %s',
  async (code) => {
    const clock = new ManualClock();
    const pauses: number[] = [];
    const nothing = async () => undefined;
    const policy = new FailurePolicy(
      {
        store: { fail: nothing, recordBisection: nothing },
        quota: { throttled: async (until) => void pauses.push(until - clock.now()) },
        clock,
        telemetry: { failed: () => undefined, quarantined: () => undefined },
        random: () => 0,
      },
      PACE,
    );
    const set = ticketSetWith({});
    const asked = { tickets: set.members, asked: set.members, bisection: null, cursorTrial: null, answeredSince: 0 };
    await policy.after(new UpstreamFailure(code, 'for a test'), { set, sentAt: clock.now(), ...asked });
    expect(pauses).toEqual(code === 'throttled' ? [DEFAULT_PAUSE_MS] : []);
  },
);

/** What one refusal of a set leads to. */
async function refused(changes: Partial<TicketSet>, poll: Partial<FailedPoll> = {}, lots: readonly number[] = [0.5]) {
  const clock = new ManualClock();
  const steps: BisectionStep[] = [];
  const counted: string[] = [];
  let drawn = 0;
  const policy = new FailurePolicy(
    {
      store: { fail: async () => undefined, recordBisection: async (step) => void steps.push(step) },
      quota: { throttled: async () => undefined },
      clock,
      telemetry: {
        failed: (_, { code }) => void counted.push(code),
        quarantined: () => void counted.push('quarantined'),
      },
      random: () => lots[drawn++ % lots.length] ?? 0,
    },
    PACE,
  );
  const now = clock.now();
  const set = ticketSetWith({ activeAt: now, ...changes });
  const tickets = poll.tickets ?? set.members;
  const failed: FailedPoll = {
    set,
    sentAt: now,
    tickets,
    asked: tickets,
    bisection: set.bisection,
    cursorTrial: null,
    answeredSince: Number.NEGATIVE_INFINITY,
    ...poll,
  };
  const at = await policy.after(new UpstreamFailure('refused', 'for a test'), failed);
  const [step] = steps;
  expect(steps).toHaveLength(1);
  return { waits: at - now, step, counted, now };
}

describe('a set that the upstream refuses', () => {
  const now = new ManualClock().now();
  const alone = { at: now - 10, others: 'answered' as const };
  const lastOf = (changes: object) => ({ suspects: ['a'], cleared: ['b'], since: now - 100, alone, ...changes });
  const asksA = { asked: ['a'] };

  it('is bisected at once, in an order that is drawn', async () => {
    const members = ['a', 'b', 'c', 'd'];
    const { waits, step, counted } = await refused({ members }, {}, [0.4, 0.1, 0.3, 0.2]);
    expect(waits).toBe(0);
    expect(step?.bisection?.suspects).toEqual(['b', 'd', 'c', 'a']);
    expect(step).not.toHaveProperty('retry');
    expect(counted).toEqual(['refused']);
  });

  it('waits after a step of a second bisection, until the upstream has answered something', async () => {
    const bisection = { suspects: ['a', 'b'], cleared: [], since: now, alone: null };
    expect((await refused({ failures: 1, bisection })).waits).toBeGreaterThanOrEqual(PACE.intervalMs);
    expect((await refused({ failures: 1, bisection }, { answeredSince: now })).waits).toBeGreaterThan(0);
    expect((await refused({ failures: 1, bisection }, { answeredSince: now + 1 })).waits).toBe(0);
    expect((await refused({ failures: 1, bisection: { ...bisection, cleared: ['c'] } })).waits).toBe(0);
  });

  it('waits as long as after the same number of other failures, and no ticket is in quarantine meanwhile', async () => {
    const bisection = { suspects: ['a', 'b'], cleared: [], since: now, alone: null };
    const { waits, step } = await refused({ failures: 1, bisection });
    expect([waits, step?.quarantined]).toEqual([retryDelay(2, 0.5, PACE.intervalMs), []]);
    const last = lastOf({ cleared: [], alone: { at: now - 10, others: 'not_asked' } });
    const found = await refused({ failures: 1, members: ['a'], bisection: last }, { ...asksA, answeredSince: now - 5 });
    expect([found.waits, found.step?.quarantined]).toEqual([retryDelay(2, 0.5, PACE.intervalMs), ['a']]);
  });

  it('is told to clients at once if it has several tickets', async () => {
    const bisection = { suspects: ['a', 'b'], cleared: [], since: now, alone: null };
    expect((await refused({ failures: 1, bisection })).step?.retry).toMatchObject({ code: 'refused' });
  });

  it('is told to clients after the longest interval if it has one ticket', async () => {
    const of = async (sinceMs: number) => {
      const bisection = { suspects: ['a'], cleared: [], since: now - sinceMs, alone: null };
      return (await refused({ members: ['a'], bisection })).step?.retry;
    };
    expect(await of(PACE.intervalMaxMs - 1)).not.toHaveProperty('code');
    expect(await of(PACE.intervalMaxMs)).toMatchObject({ code: 'refused' });
  });

  it('goes on at once without the ticket that is found, if another one was answered for', async () => {
    for (const bisection of [lastOf({}), lastOf({ cleared: [] })]) {
      const { waits, step, counted } = await refused({ bisection }, asksA);
      expect([waits, step?.quarantined, step?.bisection, counted]).toEqual([
        0,
        ['a'],
        null,
        ['refused', 'quarantined'],
      ]);
      expect(step).not.toHaveProperty('retry');
    }
  });

  it('waits after its ticket is found if none of its own was answered for', async () => {
    const bisection = lastOf({ cleared: [], alone: { at: now - 10, others: 'not_asked' } });
    const { waits, step } = await refused({ members: ['a'], bisection }, { ...asksA, answeredSince: now - 5 });
    expect(step?.quarantined).toEqual(['a']);
    expect(waits).toBeGreaterThanOrEqual(PACE.intervalMs);
    expect(step?.retry).toEqual({ at: now + waits });
  });

  it('goes on at once if tickets were answered for before the last one was asked for alone', async () => {
    const bisection = lastOf({ alone: { at: now - 10, others: 'not_asked' } });
    expect((await refused({ bisection }, { ...asksA, answeredSince: now - 5 })).waits).toBe(0);
  });
});
