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
});
