import type { Committed, FeedKey, SetCommit } from '#core';

import { GroupCommit } from './group-commit.js';

const NOW = 1_795_000_000_000;
const IDLE: SetCommit = {
  ref: { feed: 'zh-cn' as FeedKey, id: 1 },
  fence: 1,
  now: NOW,
  entries: [],
  backfilled: [],
  due: { active: NOW + 1000, idle: NOW + 1000 },
};
const COMMITTED: Committed = {
  kind: 'committed',
  fence: 2,
  published: 0,
  dueAt: NOW + 1000,
  reserved: true,
  joining: false,
};

describe('GroupCommit', () => {
  const sent: number[] = [];
  const store = {
    commit: (commit: SetCommit) => {
      sent.push(commit.ref.id);
      return Promise.resolve(COMMITTED);
    },
  };
  const nth = (id: number, more: Partial<SetCommit> = {}) => ({ ...IDLE, ...more, ref: { ...IDLE.ref, id } });

  beforeEach(() => {
    jest.useFakeTimers();
    sent.length = 0;
  });
  afterEach(() => jest.useRealTimers());

  it('lets commits of polls that found nothing leave together', async () => {
    const group = new GroupCommit();
    const first = group.commit(store, nth(1));
    await jest.advanceTimersByTimeAsync(10);
    const second = group.commit(store, nth(2));
    expect(sent).toEqual([]);
    await jest.advanceTimersByTimeAsync(10);
    expect(sent).toEqual([1, 2]);
    expect(await Promise.all([first, second])).toEqual([COMMITTED, COMMITTED]);
  });

  it('lets a commit leave at once that is a part of a longer one: it has no due time', async () => {
    await new GroupCommit().commit(store, nth(1, { due: undefined }));
    expect([sent, jest.getTimerCount()]).toEqual([[1], 0]);
  });

  it('makes a new group after one has left', async () => {
    const group = new GroupCommit();
    void group.commit(store, nth(1));
    await jest.advanceTimersByTimeAsync(20);
    void group.commit(store, nth(2));
    await jest.advanceTimersByTimeAsync(19);
    expect(sent).toEqual([1]);
    await jest.advanceTimersByTimeAsync(1);
    expect(sent).toEqual([1, 2]);
  });

  const status = { kind: 'status', caseId: 'T', status: 1, seenAt: NOW } as const;
  it.each<[string, Partial<SetCommit>]>([
    ['news', { entries: [status] }],
    ['backfilled tickets', { backfilled: ['T'] }],
    ['a step of a search', { bisection: null }],
    ['a set that is due again soon', { due: { active: NOW + 200, idle: NOW + 200 } }],
  ])('lets %s leave at once', (_, more) => {
    void new GroupCommit().commit(store, nth(1, more));
    expect(sent).toEqual([1]);
  });
});
