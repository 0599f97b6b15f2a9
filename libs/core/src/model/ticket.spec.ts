import { CASE_ID_PATTERN } from './ticket.js';

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
