import { jsonText, type Publication } from '#core';
import { DropInPoll } from './drop-in-poll.js';

const EPOCH = '0abcdefgh';
const message = (offset: number, text = 'x', sentAt: number | null = null): Publication => ({
  ...{ epoch: EPOCH, offset, previous: offset - 1, caseId: 'a', seenAt: 0 },
  ...{ kind: 'message', message: jsonText({ content: text }), sentAt },
});
const recovery = (replay: readonly Publication[], offset: number) => ({
  ...{ caseIds: ['a'], notices: [], replay, isShared: false, recovered: true, pending: [], cuts: [] },
  position: { epoch: EPOCH, offset },
});

describe('a drop-in poll', () => {
  it('has what was replayed, and the position of the recovery', () => {
    const poll = new DropInPoll(null);
    poll.recover(recovery([message(1), message(2)], 7));
    expect([poll.publications.length, poll.position?.offset, poll.isFull]).toEqual([2, 7, false]);
  });

  it('waits for what comes in one tick, and not once it has something', async () => {
    const poll = new DropInPoll(null);
    poll.recover(recovery([], 7));
    setTimeout(() => [8, 9].forEach((offset) => poll.deliver(message(offset))), 20);
    await poll.news(5000);
    expect([poll.publications.length, poll.position?.offset]).toEqual([2, 9]);
    await poll.news(5000);
  });

  it('has all that one commit published, also what is delivered a few steps later in the same tick', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] });
    try {
      const poll = new DropInPoll(null);
      poll.recover(recovery([], 7));
      const told = poll.news(5000).then(() => poll.publications.length);
      poll.deliver(message(8));
      for (let step = 0; step < 10; step += 1) await Promise.resolve();
      poll.deliver(message(9));
      expect([await told, poll.position?.offset, jest.getTimerCount()]).toEqual([2, 9, 0]);
    } finally {
      jest.useRealTimers();
    }
  });

  it('has one message that is larger than an answer should be, so that it goes on', () => {
    const poll = new DropInPoll(null);
    poll.recover(recovery([message(1, 'x'.repeat(5_000_000)), message(2)], 2));
    expect([poll.publications.length, poll.position?.offset, poll.isFull]).toEqual([1, 1, true]);
  });

  it('D1: has no more than one answer can have, and goes on there', async () => {
    const many = new DropInPoll(null);
    await many.replay({
      notices: [],
      publications: Array.from({ length: 4999 }, (_, at) => message(at + 1)),
      sharing: 'none',
    });
    many.recover(recovery([message(5000), message(5001)], 9000));
    expect([many.publications.length, many.position?.offset, many.isFull]).toEqual([5000, 5000, true]);
    const large = new DropInPoll(null);
    large.recover(recovery([message(1, 'x'.repeat(3_000_000)), message(2, 'x'.repeat(3_000_000))], 2));
    expect([large.publications.length, large.position?.offset, large.isFull]).toEqual([1, 1, true]);
  });

  it('D2: leaves out what was sent before a time, and passes it by', () => {
    const poll = new DropInPoll(1000);
    poll.recover(recovery([message(1, 'old', 999), message(2, 'new', 1000), message(3, 'unknown')], 3));
    expect(poll.publications.map(({ offset }) => offset)).toEqual([2, 3]);
    expect(poll.position?.offset).toBe(3);
    poll.deliver(message(4, 'late', 999));
    expect([poll.publications.length, poll.position?.offset]).toEqual([2, 4]);
  });
});
