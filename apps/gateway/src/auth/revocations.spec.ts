import type { Revocation } from './revocation.js';
import { Revocations } from './revocations.js';
import { Rights, type TokenMarks } from './rights.js';

const AT = 1_000_000;

const rights = (marks: Partial<TokenMarks> = {}, subject: string | null = 'alice') =>
  new Rights(
    subject,
    Number.POSITIVE_INFINITY,
    { cases: ['A1', 'B*'], groups: ['g'], hints: true },
    { tokenId: null, issuedAt: AT - 5000, ...marks },
  );

function with_(...made: Partial<Revocation>[]): Revocations {
  const revocations = new Revocations();
  revocations.merge(made.map((each, at) => ({ id: String(at), at: AT, until: AT + 1000, by: 'ops', ...each })));
  return revocations;
}

describe('a revocation', () => {
  it.each<[string, Partial<Revocation>, Rights, boolean]>([
    ['of a subject ends its tokens', { sub: 'alice' }, rights(), true],
    ['of a subject ends a token of that instant', { sub: 'alice' }, rights({ issuedAt: AT }), true],
    ['of a subject leaves tokens that are issued later', { sub: 'alice' }, rights({ issuedAt: AT + 1 }), false],
    ['of a subject ends a token that does not say when', { sub: 'alice' }, rights({ issuedAt: null }), true],
    ['of a subject leaves those of others', { sub: 'bob' }, rights(), false],
    ['of a token ends it', { jti: 't1' }, rights({ tokenId: 't1' }), true],
    ['of a token ends it whatever its time', { jti: 't1' }, rights({ tokenId: 't1', issuedAt: AT + 9 }), true],
    ['of a token leaves others of its subject', { jti: 't1' }, rights({ tokenId: 't2' }), false],
    ['of a token leaves those without an id', { jti: 't1' }, rights(), false],
    ['of both needs both', { sub: 'bob', jti: 't1' }, rights({ tokenId: 't1' }), false],
    ['of both ends what has both', { sub: 'alice', jti: 't1' }, rights({ tokenId: 't1' }), true],
    ['of a subject leaves those who have none', { sub: 'alice' }, rights({}, null), false],
  ])('%s', (_what, revocation, granted, isRevoked) => {
    expect(with_(revocation).limit(granted)).toBe(isRevoked ? null : granted);
  });

  it('with tickets ends the right to them alone', () => {
    const left = with_({ sub: 'alice', case_ids: ['A1'] }, { case_ids: ['B2*'] }).limit(rights());
    const may = (caseId: string) => left?.mayRead(caseId);
    expect(['A1', 'B1', 'B2', 'B21', 'C1'].map(may)).toEqual([false, true, false, false, false]);
    expect(left?.mayUseGroup('g')).toBe(true);
    expect(() => left?.requireHints()).not.toThrow();
    expect(() => left?.require({ language: 'zh-cn' }, ['B1', 'A1'])).toThrow('does not allow these tickets');
  });

  it('that is lifted gives back what was granted', () => {
    const granted = rights();
    const revocations = with_({ sub: 'alice', case_ids: ['A1'] });
    const left = revocations.limit(granted);
    const [made] = revocations.all;
    revocations.merge([{ ...(made as Revocation), lifted_by: 'ops' }]);
    expect(left && revocations.limit(left)).toBe(granted);
    expect(revocations.inEffect).toEqual([]);
    expect(revocations.merge([made as Revocation])).toBe(false);
    expect(revocations.inEffect).toEqual([]);
  });

  it('that changes nothing leaves the rights as they are', () => {
    const revocations = with_({ sub: 'alice', case_ids: ['A1'] });
    const left = revocations.limit(rights()) as Rights;
    expect(revocations.limit(left)).toBe(left);
    revocations.merge([{ id: 'other', sub: 'bob', at: AT, until: AT, by: 'ops' }]);
    expect(revocations.limit(left)).toBe(left);
  });

  it('that has ended is forgotten', () => {
    const revocations = with_({ sub: 'alice' }, { sub: 'bob', until: AT + 5000 });
    expect(revocations.prune(AT + 1000)).toEqual(['0']);
    expect(revocations.limit(rights())).not.toBeNull();
    expect(revocations.limit(rights({}, 'bob'))).toBeNull();
  });

  it.each<[string, Partial<Revocation>]>([
    ['a subject', { sub: 'alice' }],
    ['a token', { jti: 't1' }],
    ['all tokens', {}],
  ])('of %s that has ended, or is lifted, gives back what was granted', (_what, about) => {
    const granted = rights({ tokenId: 't1' });
    const limited = (revocations: Revocations) => revocations.limit(granted) as Rights;
    for (const others of [[], [{ sub: 'bob', until: AT + 9000 }]]) {
      const ended = with_({ ...about, case_ids: ['A1'] }, ...others);
      const left = limited(ended);
      expect(left.mayRead('A1')).toBe(false);
      ended.prune(AT + 1000);
      expect([ended.limit(left), ended.limit(granted)]).toEqual([granted, granted]);
      const lifted = with_({ ...about, case_ids: ['A1'] }, ...others);
      lifted.merge([{ ...(lifted.all[0] as Revocation), lifted_by: 'ops' }]);
      expect(lifted.limit(limited(with_({ ...about, case_ids: ['A1'] })))).toBe(granted);
    }
  });

  it('that follows another one limits what the token grants, and not what was left of it', () => {
    const revocations = with_({ sub: 'alice', case_ids: ['A1'] });
    const left = revocations.limit(rights({ tokenId: 't1' })) as Rights;
    revocations.merge([{ id: '9', jti: 't1', case_ids: ['B1'], at: AT, until: AT + 9000, by: 'ops' }]);
    const both = revocations.limit(left) as Rights;
    expect(['A1', 'B1', 'B2'].map((caseId) => both.mayRead(caseId))).toEqual([false, false, true]);
    expect([both.tokenId, both.issuedAt, both.granted === left.granted]).toEqual(['t1', AT - 5000, true]);
    revocations.prune(AT + 1000); // The first one ends.
    const second = revocations.limit(both) as Rights;
    expect(['A1', 'B1'].map((caseId) => second.mayRead(caseId))).toEqual([true, false]);
    revocations.merge([{ id: '10', jti: 't1', at: AT, until: AT + 9000, by: 'ops' }]);
    expect(revocations.limit(second)).toBeNull();
  });

  it('stands in the list where it was made, and by its id among those of one instant', () => {
    const made = with_({ id: 'c', at: 2 }, { id: 'b', at: 2 }, { id: 'd', at: 1 }, { id: 'a', at: 3 });
    expect(made.inEffect.map(({ id }) => id)).toEqual(['d', 'b', 'c', 'a']);
  });
});
