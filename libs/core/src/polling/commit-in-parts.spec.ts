import { ManualClock, ticketSetWith } from '#testing';
import { commitInParts } from './commit-in-parts.js';
import type { DeltaEntry } from './delta.js';
import type { MessageIdentity } from '../model/fingerprint.js';
import type { JsonText } from '../model/json.js';
import type { MessageClass } from '../model/message-class.js';
import { COMMIT_MAX_ENTRIES, type Committed, type SetCommit } from './ports/set-store.js';

const LEASE_MS = 7000;
const LAST = { backfilled: ['a'], lease: { kind: 'reserve' as const, leaseMs: LEASE_MS } };
const SET = ticketSetWith({ fence: 5, members: ['a'] });

function entriesOf(count: number): DeltaEntry[] {
  return Array.from({ length: count }, (_, at) => ({
    kind: 'status' as const,
    caseId: `t${at}`,
    status: 1,
    seenAt: 1,
  }));
}

/** Commits entries, or so many. `answers` are those of the store; afterwards it commits whatever it gets. */
async function commit(wanted: number | readonly DeltaEntry[], answers: readonly Committed[] = []) {
  const entries = typeof wanted === 'number' ? entriesOf(wanted) : wanted;
  const commits: SetCommit[] = [];
  const clock = new ManualClock();
  const store = {
    commit: async (given: SetCommit): Promise<Committed> => {
      commits.push(given);
      const committed = {
        kind: 'committed' as const,
        fence: given.fence + 1,
        published: given.entries.length,
        joining: false,
        reserved: false,
        dueAt: 9,
      };
      return answers[commits.length - 1] ?? committed;
    },
  };
  const committed = await commitInParts({ store, clock, leaseMs: LEASE_MS }, SET, entries, LAST);
  return { commits, committed, now: clock.now() };
}

describe('a commit in parts', () => {
  it('is one commit for as many entries as a commit may have', async () => {
    const { commits, committed } = await commit(COMMIT_MAX_ENTRIES);
    expect(commits.map(({ entries }) => entries.length)).toEqual([COMMIT_MAX_ENTRIES]);
    expect(commits[0]).toMatchObject({ fence: 5, ...LAST });
    expect(committed).toMatchObject({ published: COMMIT_MAX_ENTRIES });
  });

  it('extends the lease with each part, and changes the set with the last one alone', async () => {
    const { commits, committed, now } = await commit(2 * COMMIT_MAX_ENTRIES + 1);
    const part = { backfilled: [], lease: { kind: 'extend', until: now + LEASE_MS } };
    expect(commits).toMatchObject([
      { ...part, fence: 5 },
      { ...part, fence: 6 },
      { ...LAST, fence: 7 },
    ]);
    expect(commits.flatMap(({ entries }) => entries)).toEqual(entriesOf(2 * COMMIT_MAX_ENTRIES + 1));
    expect(committed).toMatchObject({ kind: 'committed', published: 2 * COMMIT_MAX_ENTRIES + 1 });
  });

  it.each([{ kind: 'conflict' as const }, { kind: 'gone' as const }])(
    'ends with the first part that is refused: %j',
    async (refused) => {
      const { commits, committed } = await commit(3 * COMMIT_MAX_ENTRIES, [refused]);
      expect([commits.length, committed]).toEqual([1, refused]);
    },
  );

  it('tells if the last part is refused', async () => {
    expect((await commit(1, [{ kind: 'gone' }])).committed).toEqual({ kind: 'gone' });
  });

  describe('has no class in two parts:', () => {
    const said = (caseId: string, name: string | null): DeltaEntry => ({
      kind: 'message',
      caseId,
      identity: 'an identity' as MessageIdentity,
      class: name as MessageClass | null,
      message: '""' as string as JsonText,
      sentAt: 1,
      seenAt: 1,
    });
    const lone: DeltaEntry = { kind: 'status', caseId: 'a', status: 1, seenAt: 1 };

    it.each<[string, readonly DeltaEntry[], number]>([
      ['messages of one class stay together', [said('a', 'c'), said('a', 'c'), said('a', 'd')], -1],
      ['others of that class between them, too', [said('a', 'c'), said('a', 'd'), said('a', 'c')], -1],
      ['those of two tickets do not', [said('a', 'c'), said('b', 'c'), said('a', 'd')], 0],
      ['those without a class do not', [said('a', null), said('a', null), said('a', 'd')], 0],
      ['states do not', [lone, lone, said('a', 'd')], 0],
    ])('%s', async (_what, around, earlier) => {
      const { commits } = await commit([...entriesOf(COMMIT_MAX_ENTRIES - 1), ...around]);
      expect(commits.map(({ entries }) => entries.length)).toEqual([COMMIT_MAX_ENTRIES + earlier, 2 - earlier]);
    });
  });
});
