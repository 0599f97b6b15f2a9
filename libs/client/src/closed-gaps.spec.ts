import { messageEvent } from '../test/model-gateway.js';
import { ClosedGaps } from './closed-gaps.js';
import type { Gap } from './events.js';
import type { GapSource, LostEvent } from './gap-closing.js';

const SOURCE: GapSource = { url: 'https://push.example', token: null, groupId: undefined, language: undefined };
const GAP: Gap = { case_ids: ['A'], reason: 'history_truncated', after: '1', before: '9' };
const message = (id: string, caseId = 'A') => messageEvent({ id, case_id: caseId });

/** Gaps whose lost events are these, and what was told of them. */
function setUp(read: () => Promise<LostEvent[]> = async () => [message('3'), message('5'), message('6', 'B')]) {
  const asked: unknown[][] = [];
  const told: string[] = [];
  const gaps = new ClosedGaps((...args) => (asked.push(args), read()));
  const close = (gap: Gap = GAP) => gaps.close(gap, SOURCE, async ({ data }) => void told.push(data.id));
  return { gaps, asked, told, close };
}

describe('a gap that a client closes', () => {
  it('tells what is lost, one event after the other, and knows what comes again', async () => {
    const { gaps, asked } = setUp();
    const begun: string[] = [];
    let go: () => void = () => undefined;
    const closing = gaps.close(GAP, SOURCE, ({ data }) => {
      begun.push(data.id);
      return new Promise((resolve) => (go = resolve));
    });
    for (const [at, id] of ['3', '5', '6'].entries()) {
      await new Promise((resolve) => setImmediate(resolve));
      expect(begun).toHaveLength(at + 1);
      expect(gaps.has(message(id, id === '6' ? 'B' : 'A').data)).toBe(false);
      go();
    }
    await closing;
    expect(asked).toEqual([[GAP, SOURCE]]);
    const has = (id: string, caseId?: string) => gaps.has(message(id, caseId).data);
    expect([has('3'), has('5'), has('6'), has('6', 'B'), has('7', 'B'), has('3', 'C')]).toEqual([
      ...[true, true, false, true, false, false],
    ]);
  });

  it('is none where what is lost cannot be had', async () => {
    const { close, told } = setUp(() => Promise.reject(new Error('403')));
    await expect(close()).rejects.toThrow('403');
    expect(told).toEqual([]);
  });

  it('is forgotten with its ticket, which gets its last events anew when it is followed again', async () => {
    const { gaps, close } = setUp();
    await close();
    gaps.forget('A');
    expect(gaps.has(message('5').data)).toBe(false);
    expect(gaps.has(message('6', 'B').data)).toBe(true);
  });
});
