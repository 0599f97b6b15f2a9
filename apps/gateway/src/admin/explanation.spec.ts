import type { FeedKey } from '#core';
import type { SetFacts, TicketFacts } from '#redis';
import type { CaseFacts } from './case-facts.js';
import { explain, stateOf } from './explanation.js';

const NOW = Date.UTC(2026, 5, 15, 12);
const FEED = 'zh-cn/g1' as FeedKey;

const set = (more: Partial<SetFacts> = {}): SetFacts => ({
  feed: FEED,
  set: 4,
  members: 3,
  joining: 0,
  owner: 'w1',
  leaseUntil: NOW + 5000,
  dueAt: NOW + 400,
  answeredAt: NOW - 600,
  activeAt: NOW,
  failures: 0,
  error: null,
  isSearched: false,
  cursor: null,
  ...more,
});
const facts = (ticket: Partial<TicketFacts> = {}, more: Partial<CaseFacts> = {}): CaseFacts => ({
  caseId: 'CASE-1',
  now: NOW,
  ticket: {
    feed: FEED,
    wantedUntil: NOW + 20_000,
    set: set(),
    quarantine: null,
    lastPublication: { kind: 'message', offset: 9, seenAt: NOW - 90_000 },
    upstream: { state: 'ok', since: 0 },
    pausedAt: null,
    ...ticket,
  },
  gateways: [
    { gateway: 'host/1', clients: 2 },
    { gateway: 'host/2', clients: 1 },
  ],
  workers: [{ id: 'w1', process: 'host/3' }],
  ...more,
});
const late = set({ dueAt: NOW - 35_000 });
const failing = set({ failures: 12, error: { reason: 'upstream_timeout', at: NOW - 800 }, answeredAt: NOW - 40_000 });
const degraded = { state: 'degraded', since: NOW - 30_000, reason: 'upstream_timeout' } as const;

describe('why a ticket is live, or is not', () => {
  it.each<[string, CaseFacts, string]>([
    [
      'live',
      facts(),
      'It is live: the upstream answered 0.6 s ago. The next poll is due in 0.4 s (2026-06-15T12:00:00.400Z).',
    ],
    ['not_wanted', facts({ wantedUntil: null }, { gateways: [] }), 'because no client wants it'],
    ['lingering', facts({}, { gateways: [] }), 'no client has it now: it is polled until in 20 s'],
    ['paused', facts({ pausedAt: NOW - 7000 }), 'paused its feed 7 s ago. POST /admin/feeds/zh-cn%2Fg1/resume'],
    [
      'quarantined',
      facts({ set: null, quarantine: { until: NOW + 50_000, refusals: 2 } }),
      'refuses it to the account (2 times in a row): it is asked for again in 50 s',
    ],
    ['quarantined', facts({ quarantine: { until: Number.POSITIVE_INFINITY, refusals: 2 } }), 'it is asked for now'],
    ['no_worker', facts({ set: late }, { workers: [] }), 'no worker answers. Its set 4 was due 35 s ago'],
    ['late', facts({ set: late }), 'it is late. Its set 4 was due 35 s ago, and the worker host/3 has it.'],
    ['late', facts({ set: set({ dueAt: NOW - 35_000, leaseUntil: NOW - 1 }) }), 'and no worker has it.'],
    ['late', facts({ set: null }), 'It is in no ticket set yet.'],
    ['failing', facts({ set: failing }), 'its polls fail: upstream_timeout, last 0.8 s ago (12 in a row)'],
    ['waiting', facts({ set: set({ answeredAt: null }) }), 'waits for the first answer of the upstream'],
  ])('%s', (state, given, words) => {
    expect(stateOf(given)).toBe(state);
    expect(explain(given).join('\n')).toContain(words);
  });

  it('begins with who wants it, and ends with its news and the state of its feed', () => {
    const [first, , news, feed] = explain(facts({ upstream: degraded }));
    expect(first).toBe('CASE-1 (language zh-cn, group g1): 3 clients want it, at host/1 (2), host/2 (1).');
    expect(news).toBe('Its newest message was published 90 s ago.');
    expect(feed).toBe('Its feed is degraded since 30 s ago (2026-06-15T11:59:30.000Z): upstream_timeout.');
    expect(explain(facts({ lastPublication: null }))).toContain('Nothing was published of it yet.');
  });
});
