import { unreadTopic, type JsonText, type Publication, type TicketCut } from '#core';
import { encodePublication, encodeSnapshot, gapData, upstreamData } from './encode.js';

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

const ids = { idOf: ({ offset }: { readonly offset: number }) => `id-${offset}` };

describe('encodePublication of an unread count', () => {
  it('names the ticket, and not what its counts are kept under', () => {
    const unread = { ...placed, kind: 'unread', caseId: unreadTopic('A'), unreadNum: 3, status: null } as const;
    expect(JSON.parse(encodePublication(unread, ID, undefined))).toMatchObject({
      ...{ case_id: 'A', unread_num: 3, status: null },
    });
  });
});

describe('encodeSnapshot', () => {
  const cut = { caseId: 'A', status: 1, messages: [message], isQuarantined: false, isPending: true };
  const read = (changes: Partial<TicketCut>, groupId?: string) =>
    JSON.parse(encodeSnapshot({ ...cut, ...changes }, ID, groupId, ids)) as Record<string, unknown>;

  it('has the messages with their own ids and the group, and no count that was not asked for', () => {
    const snapshot = read({}, 'g');
    expect(snapshot).toMatchObject({ id: ID, case_id: 'A', group_id: 'g', status: 1, pending: true, revoked: false });
    expect(snapshot['messages']).toMatchObject([{ id: 'id-42', group_id: 'g' }]);
    expect(snapshot).not.toHaveProperty('unread');
    expect(read({ unread: null })).toHaveProperty('unread', null);
  });

  it('calls a ticket that the upstream refuses revoked, and not pending', () => {
    expect(read({ isQuarantined: true })).toMatchObject({ revoked: true, pending: false });
  });
});

describe('gapData', () => {
  it('says after which position and before which one something is lost, and of which group', () => {
    const at = (offset: number) => ({ epoch: '0abcdefgh', offset });
    const gap = { kind: 'gap', caseIds: ['A'] } as const;
    const truncated = { ...gap, reason: 'history_truncated', after: at(2), before: at(5) } as const;
    expect(gapData(truncated, { language: 'en-us', groupId: 'g' }, ids)).toEqual({
      ...{ case_ids: ['A'], group_id: 'g', reason: 'history_truncated', after: 'id-2', before: 'id-5' },
    });
    expect(gapData({ ...gap, reason: 'unknown_position' }, { language: 'en-us' }, ids)).toEqual({
      ...{ case_ids: ['A'], reason: 'unknown_position' },
    });
  });
});
