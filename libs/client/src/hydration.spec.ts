import { messageEvent } from '../test/model-gateway.js';
import { fromSnapshots, type CaseSnapshot } from './hydration.js';

const snapshot = (id: string, caseId: string, messages: string[], also: Partial<CaseSnapshot> = {}): CaseSnapshot => ({
  ...{ id, case_id: caseId, status: null, revoked: false, pending: false },
  messages: messages.map((each) => messageEvent({ id: each, case_id: caseId }).data),
  ...also,
});

describe('a page that a server has rendered', () => {
  it('goes on from the oldest of its snapshots, for all of their tickets', async () => {
    const { store } = fromSnapshots([snapshot('7', 'A', []), snapshot('5', 'B', []), snapshot('6', 'C', [])]);
    expect(await store.load()).toEqual({ position: '5', caseIds: ['A', 'B', 'C'] });
    await store.save({ position: '8', caseIds: ['A'] });
    expect(await store.load()).toMatchObject({ position: '5' });
  });

  it('shows the messages of all in the order of their ids, and what is known of each ticket', () => {
    const { initial } = fromSnapshots([
      snapshot('7', 'A', ['1', '4'], { status: 0, pending: true }),
      snapshot('5', 'B', ['2', '3'], { revoked: true }),
      snapshot('6', 'C', [], { status: 1 }),
    ]);
    expect(initial.messages?.map(({ id }) => id)).toEqual(['1', '2', '3', '4']);
    expect(initial).toMatchObject({ isReady: true, status: { A: 0, C: 1 }, pending: ['A'], revoked: ['B'] });
    expect(initial.status).not.toHaveProperty('B');
  });

  it('needs a snapshot at least', () => expect(() => fromSnapshots([])).toThrow('pass one for each ticket'));
});
