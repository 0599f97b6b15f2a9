import fc from 'fast-check';
import { MESSAGE_FORMS, PollWorld, type FakeUpstreamQuirks, type PollEvent } from '#testing';
import { QUARANTINE_FIRST_MS } from './bisection.js';

/**
 * The most important test: whatever happens around the polls of a feed, in the end its history has every message
 * exactly once. Two workers poll the sets of five tickets, interleaved at every wait. All kinds of faults are
 * generated, tickets that the upstream refuses for a while included, and forms in which the upstream writes messages.
 */

const { LEASE_MS, OVERLAP_MS, TICKETS } = PollWorld;

const ticket = fc.nat({ max: TICKETS.length - 1 });
const kinds: fc.WeightedArbitrary<PollEvent>[] = [
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('post' as const),
      ticket,
      // Only two contents, so that most messages of a second have an equal one.
      content: fc.constantFrom('yes', 'no'),
      // Messages that are later than the overlap may be lost: this is the stated limit of invariant 3.
      late: fc.oneof(fc.constantFrom(0, OVERLAP_MS), fc.integer({ min: 0, max: OVERLAP_MS })),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('status' as const), ticket, status: fc.nat({ max: 1 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      // Within a second, to the next polls, past a lease (then two workers poll one set), and past a quarantine.
      ms: fc.oneof(
        fc.nat({ max: 400 }),
        fc.integer({ min: 900, max: 1500 }),
        fc.constant(LEASE_MS + 1),
        fc.constant(QUARANTINE_FIRST_MS),
      ),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('poll' as const),
      worker: fc.nat({ max: 1 }),
      set: fc.nat({ max: 3 }),
      death: fc.oneof(
        { weight: 5, arbitrary: fc.constant(null) },
        { weight: 1, arbitrary: fc.constantFrom('before_commit' as const, 'after_commit' as const) },
      ),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('round' as const),
      worker: fc.nat({ max: 1 }),
      ms: fc.integer({ min: 980, max: 1100 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('step' as const), count: fc.integer({ min: 1, max: 8 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('join' as const), ticket }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), ticket }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom(...PollWorld.UPSTREAM_AND_SWEEPS) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('refuse' as const, 'allow' as const), ticket }),
  },
];

const form = fc.nat({ max: MESSAGE_FORMS.length - 1 });
const formChange: fc.WeightedArbitrary<PollEvent> = {
  weight: 3,
  arbitrary: fc.record({
    kind: fc.constant('form' as const),
    forms: fc.tuple(form, form),
    by: fc.constantFrom('time', 'answer', 'message'),
  }),
};

function eventsOf(...kinds: fc.WeightedArbitrary<PollEvent>[]): fc.Arbitrary<PollEvent[]> {
  return fc.array(fc.oneof(...kinds), { maxLength: 80, size: 'max' });
}

const quirks: fc.Arbitrary<FakeUpstreamQuirks> = fc.record({
  form: fc.constantFrom('milliseconds', 'nineteen_digits', 'opaque'),
  basis: fc.constantFrom('server_time', 'newest_message'),
  bound: fc.constantFrom('inclusive', 'exclusive'),
  listing: fc.constantFrom('oldest_first', 'newest_first', 'shuffled'),
});

async function happen(world: PollWorld, events: readonly PollEvent[]): Promise<void> {
  for (const event of events) {
    await world.happen(event);
  }
  await world.settle();
}

async function expectEveryMessageOnce(world: PollWorld): Promise<void> {
  const published = await world.published();

  const offsets = published.map((one) => one.offset).sort((a, b) => a - b);
  expect(offsets).toEqual(offsets.map((_, index) => index + 1));

  for (const [caseId, said] of world.said) {
    const messages = published.flatMap((one) => (one.kind === 'message' && one.caseId === caseId ? [one] : []));
    expect(messages.map((one) => PollWorld.saidBy(one)).sort()).toEqual([...said].sort());
    const statuses = published.flatMap((one) => (one.kind === 'status' && one.caseId === caseId ? [one.status] : []));
    expect(statuses.at(-1)).toBe(world.statuses.get(caseId));
    expect(statuses.filter((status, index) => status === statuses[index - 1])).toEqual([]);
    if (caseId === 'prompt') {
      const times = messages.map((one) => one.sentAt ?? 0);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    }
  }
}

/** Each run of the suite draws other cases, so their number is bounded by the time of one run. */
const RUNS = Number(process.env['FC_RUNS'] ?? 400);

describe('PollCycle, whatever happens', () => {
  it('publishes every message exactly once and in order, in whatever form it is shown', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), quirks, eventsOf(...kinds, formChange), async (scheduler, how, events) => {
        const world = new PollWorld(scheduler, how);
        await happen(world, events);
        await expectEveryMessageOnce(world);
      }),
      { numRuns: RUNS },
    );
  }, 120_000);

  it('publishes every message once beside workers of the release before, and after them', async () => {
    const before = eventsOf(...kinds);
    const after = eventsOf(...kinds, formChange);
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), quirks, before, before, after, async (scheduler, how, ...phases) => {
        const [old, mixed, upgraded] = phases;
        const world = new PollWorld(scheduler, how);
        world.run(['one', 'other']);
        await happen(world, old);
        world.run(['other']);
        await happen(world, mixed);
        await expectEveryMessageOnce(world);
        // This release has seen everything once. Now the upstream may change its form.
        world.run([]);
        await world.rejoin();
        await happen(world, upgraded);
        await expectEveryMessageOnce(world);
      }),
      { numRuns: Math.ceil(RUNS / 16) },
    );
  }, 120_000);

  it('publishes every message once when the release before comes back', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        quirks,
        eventsOf(...kinds),
        eventsOf(...kinds),
        async (scheduler, how, ...phases) => {
          const world = new PollWorld(scheduler, how);
          await happen(world, phases[0]);
          world.run(['one', 'other']);
          await world.rejoin();
          await happen(world, phases[1]);
          await expectEveryMessageOnce(world);
        },
      ),
      { numRuns: Math.ceil(RUNS / 16) },
    );
  }, 120_000);
});
