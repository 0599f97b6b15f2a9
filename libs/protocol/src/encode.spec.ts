import type { JsonText, Publication } from '#core';
import { encodePublication, upstreamData } from './encode.js';

const ID = '0abcdefgh-000000000042-signature01';

const placed = {
  epoch: '0abcdefgh',
  offset: 42,
  previous: 41,
  caseId: 'C"1',
  seenAt: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
};
const message: Publication = {
  ...placed,
  kind: 'message',
  message: '{"content":"12345678901234567890","n":9007199254740993}' as JsonText,
  sentAt: Date.UTC(2026, 0, 2, 3, 4, 5),
};

describe('encodePublication', () => {
  it('inserts the message unchanged, numbers beyond 2^53 included', () => {
    expect(encodePublication(message, ID, undefined)).toBe(
      '{"id":"0abcdefgh-000000000042-signature01","case_id":"C\\"1",' +
        '"message":{"content":"12345678901234567890","n":9007199254740993},' +
        '"sent_at":"2026-01-02T03:04:05.000Z","seen_at":"2026-01-02T03:04:05.006Z"}',
    );
  });

  it('names the group of the feed, and an unreadable time as null', () => {
    const text = encodePublication({ ...message, sentAt: null }, ID, 'grüße');
    expect(JSON.parse(text)).toMatchObject({ group_id: 'grüße', sent_at: null });
  });

  it('writes a status', () => {
    const text = encodePublication({ ...placed, kind: 'status', status: 1 }, ID, undefined);
    expect(JSON.parse(text)).toEqual({
      id: ID,
      case_id: 'C"1',
      status: 1,
      seen_at: '2026-01-02T03:04:05.006Z',
    });
  });
});

describe('upstreamData', () => {
  it('has a reason only if there is one', () => {
    expect(upstreamData({ state: 'ok', since: 0 }, undefined)).toEqual({
      state: 'ok',
      since: '1970-01-01T00:00:00.000Z',
    });
    expect(upstreamData({ state: 'degraded', reason: 'upstream_timeout', since: 0 }, 'g')).toEqual({
      group_id: 'g',
      state: 'degraded',
      reason: 'upstream_timeout',
      since: '1970-01-01T00:00:00.000Z',
    });
  });
});
