import fc from 'fast-check';
import {
  acceptedHistory,
  advanceCursorHistory,
  cursorToSend,
  type AnsweredPoll,
  type CursorHistory,
} from './cursor-history.js';

const OVERLAP_MS = 2000;
/** The overlap, and a second for the resolution of `create_time`. */
const LOOKBACK_MS = 3000;
const START = 1_750_000_000_000;

function trailOf(...polls: readonly AnsweredPoll[]): CursorHistory | null {
  return polls.reduce<CursorHistory | null>(
    (cursorHistory, poll) => advanceCursorHistory(cursorHistory, poll, OVERLAP_MS),
    null,
  );
}

function poll(at: number, cursor: string | null, sent: string | null = null): AnsweredPoll {
  return { sentAt: START + at, answeredAt: START + at + 50, sent, cursor };
}

describe('a cursor history', () => {
  it('starts with the first cursor that the upstream gives', () => {
    expect(trailOf(poll(0, null))).toBeNull();
    expect(trailOf(poll(0, null), poll(1000, 'x'))).toMatchObject({ head: 'x', polledAt: START + 1000 });
  });

  it('keeps its head if an answer has no cursor', () => {
    expect(trailOf(poll(0, 'x'), poll(1000, null))).toMatchObject({ head: 'x', polledAt: START + 1000 });
  });

  it('moves its head forward only, beyond 2^53 too', () => {
    const [smaller, greater] = ['9007199254740993', '9007199254740994'];
    expect(trailOf(poll(0, greater), poll(1000, smaller))?.head).toBe(greater);
    expect(trailOf(poll(0, smaller), poll(1000, greater))?.head).toBe(greater);
    expect(trailOf(poll(0, '99'), poll(1000, '100'))?.head).toBe('100');
    // As JavaScript numbers these two are equal.
    const [even, odd] = ['9007199254740992', '9007199254740993'];
    expect(trailOf(poll(0, odd), poll(1000, even))?.head).toBe(odd);
    expect(trailOf(poll(0, even), poll(1000, odd))?.head).toBe(odd);
  });

  it('takes the newer of two texts of one number', () => {
    expect(trailOf(poll(0, '7'), poll(1000, '07'))?.head).toBe('07');
    expect(trailOf(poll(0, '07'), poll(1000, '7'))?.head).toBe('7');
  });

  it('takes the newer of two opaque cursors, which cannot be compared', () => {
    expect(trailOf(poll(0, 'z'), poll(1000, 'a'))?.head).toBe('a');
    expect(trailOf(poll(0, '100'), poll(1000, 'a'))?.head).toBe('a');
  });

  it('takes the newer of a number and a text that begins with one', () => {
    expect(trailOf(poll(0, '100'), poll(1000, '5x'))?.head).toBe('5x');
    expect(trailOf(poll(0, '5x'), poll(1000, '100'))?.head).toBe('100');
  });

  it('keeps the first cursor with the time of its answer', () => {
    expect(trailOf(poll(0, 'x'))?.samples).toEqual([[START + 50, 'x']]);
  });

  it('keeps a cursor that another one follows, at most one in a sixteenth of the look-back', () => {
    // A look-back of 3,200 ms: a sample every 200 ms.
    const after = (...polls: AnsweredPoll[]) =>
      polls.reduce<CursorHistory | null>((history, one) => advanceCursorHistory(history, one, 2200), null)?.samples;
    const at = (ms: number, cursor: string) => [START + ms + 50, cursor];
    expect(after(poll(0, 'a'), poll(199, 'b'))).toEqual([at(0, 'a')]);
    expect(after(poll(0, 'a'), poll(200, 'b'))).toEqual([at(0, 'a'), at(200, 'b')]);
    expect(after(poll(0, 'a'), poll(200, 'a'))).toEqual([at(0, 'a')]);
    expect(after(poll(0, 'a'), poll(200, 'b'), poll(300, 'c'), poll(400, 'd'))).toEqual([
      at(0, 'a'),
      at(200, 'b'),
      at(400, 'd'),
    ]);
  });

  it('begins its samples anew where it has none', () => {
    const empty = { head: 'a', polledAt: START, samples: [] };
    expect(advanceCursorHistory(empty, poll(0, 'b'), OVERLAP_MS)?.samples).toEqual([[START + 50, 'b']]);
  });

  it('stays small, whatever the pace of polls', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4000 }), { maxLength: 200, size: 'max' }), (steps) => {
        let at = 0;
        const cursorHistory = trailOf(...steps.map((step) => poll((at += step), String(START + at))));
        expect(cursorHistory?.samples.length ?? 0).toBeLessThanOrEqual(18);
      }),
    );
  });
});

describe('the cursor to send', () => {
  it('is null before the first answer', () => {
    expect(cursorToSend(null, OVERLAP_MS)).toBeNull();
  });

  it('is the newest one that was the furthest a look-back before the latest poll', () => {
    const polls = [0, 1000, 2000, 3000, 4000, 5000].map((at) => poll(at, `t${at}`));
    expect(cursorToSend(trailOf(...polls), OVERLAP_MS)).toBe('t1000');
  });

  it('may be one that was given exactly a look-back before the latest poll', () => {
    // It was given 50 ms after its poll was sent.
    expect(cursorToSend(trailOf(poll(0, 'first'), poll(LOOKBACK_MS + 49, 'latest')), OVERLAP_MS)).toBeNull();
    expect(cursorToSend(trailOf(poll(0, 'first'), poll(LOOKBACK_MS + 50, 'latest')), OVERLAP_MS)).toBe('first');
  });

  it('is shifted if it is in milliseconds and none is old enough yet', () => {
    expect(cursorToSend(trailOf(poll(0, String(START))), OVERLAP_MS)).toBe(String(START - LOOKBACK_MS));
  });

  it.each(['opaque', '1750000000000000000', '1750000000'])(
    'starts from the beginning rather than shift %p',
    (cursor) => {
      expect(cursorToSend(trailOf(poll(0, cursor)), OVERLAP_MS)).toBeNull();
    },
  );

  it('lies a look-back before the latest poll, whatever the pace, and not much further', () => {
    const steps = fc.array(fc.integer({ min: 50, max: 4000 }), { minLength: 10, maxLength: 60, size: 'max' });
    fc.assert(
      fc.property(steps, (pace) => {
        let at = 0;
        const polls = pace.map((step) => poll((at += step), `t~${at}`));
        fc.pre(at > 2 * LOOKBACK_MS + 4000);
        const sent = cursorToSend(trailOf(...polls), OVERLAP_MS);
        const given = Number(sent?.slice(2));
        expect(given + 50).toBeLessThanOrEqual(at - LOOKBACK_MS);
        // The slowest pace, and the distance of two samples.
        expect(given).toBeGreaterThanOrEqual(at - LOOKBACK_MS - 2 * 4000);
      }),
    );
  });
});

describe('the cursor that the upstream accepted last', () => {
  const resent = (cursorHistory: CursorHistory | null) => cursorToSend(acceptedHistory(cursorHistory), OVERLAP_MS);

  it('is the one of the latest poll that was answered', () => {
    const accepted = trailOf(poll(0, 'a'), poll(1000, 'b', 'x'), poll(2000, 'c', 'y'));
    expect(resent(accepted)).toBe('y');
  });

  it.each([null, trailOf(poll(0, 'a')), trailOf(poll(0, 'a', null), poll(1000, 'b', 'x'), poll(2000, 'c', null))])(
    'is none where that poll had none: %j',
    (cursorHistory) => expect([acceptedHistory(cursorHistory), resent(cursorHistory)]).toEqual([null, null]),
  );

  it('is not shifted, and is sent until a newer one is old enough', () => {
    const milliseconds = acceptedHistory(trailOf(poll(0, String(START)), poll(1000, String(START), String(START))));
    expect(cursorToSend(milliseconds, OVERLAP_MS)).toBe(String(START));
    const again = (at: number) => poll(at, `t${at}`, 'x');
    let cursorHistory = acceptedHistory(trailOf(poll(0, 'a'), poll(1000, 'broken', 'x')));
    const sent = [2000, 3000, 4000, 5000, 6000].map((at) => {
      cursorHistory = advanceCursorHistory(cursorHistory, again(at), OVERLAP_MS);
      return cursorToSend(cursorHistory, OVERLAP_MS);
    });
    expect(sent).toEqual(['x', 'x', 'x', 'x', 't2000']);
  });
});
