import { CASE_ID_PATTERN, isUnreadTopic, ticketOf, unreadTopic } from './ticket.js';

describe('a case id', () => {
  it.each(['a', '!', '~', 'CASE-2026/1:x', 'x'.repeat(64)])('may be %j', (id) => {
    expect(id).toMatch(CASE_ID_PATTERN);
  });

  it.each(['', 'x'.repeat(65), 'a b', ' a', 'a ', 'a\n', '\na', 'a,b', ',', 'a\u007f', 'a\u0000', 'é', '工单'])(
    'may not be %j',
    (id) => {
      expect(id).not.toMatch(CASE_ID_PATTERN);
    },
  );
});

describe('the name of unread counts', () => {
  it('is of one ticket, and is no case id', () => {
    const name = unreadTopic('CASE-1');
    expect(name).not.toMatch(CASE_ID_PATTERN);
    expect(name).not.toBe(unreadTopic('CASE-2'));
    expect([name, 'CASE-1'].map(isUnreadTopic)).toEqual([true, false]);
    expect([name, 'CASE-1'].map(ticketOf)).toEqual(['CASE-1', 'CASE-1']);
  });
});
