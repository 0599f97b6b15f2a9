import { Refusal } from '#protocol';
import { Rights, type Grants } from './rights.js';

const NOTHING: Grants = { cases: [], groups: [], hints: false };
const rightsTo = (grants: Partial<Grants>) => new Rights('alice', Number.POSITIVE_INFINITY, { ...NOTHING, ...grants });
const names = (count: number) => Array.from({ length: count }, (_, index) => `T${index}`);

/** Code and tickets of a refusal, or null if nothing is refused. */
function refusalOf(check: () => void): { code: string; caseIds: readonly string[] | undefined } | null {
  try {
    check();
    return null;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { code: error.code, caseIds: error.details.caseIds };
  }
}

describe('Rights', () => {
  // Eight names are kept as a list, nine as a set.
  describe.each([1, 8, 9, 500])('to %i tickets', (count) => {
    const rights = rightsTo({ cases: names(count) });

    it('cover each of them', () => {
      expect(names(count).filter((caseId) => !rights.mayRead(caseId))).toEqual([]);
    });

    it('cover no other one, be it the beginning or the continuation of a name', () => {
      const others = [`T${count}`, 'T', 'T00', 't0', ' T0', 'T0 ', '', '*'];
      expect(others.filter((caseId) => rights.mayRead(caseId))).toEqual([]);
    });
  });

  describe.each([0, 7, 8, 500])('to a prefix beside %i tickets', (count) => {
    const rights = rightsTo({ cases: [...names(count), 'CASE-1*'] });

    it('cover what begins so, and the prefix itself', () => {
      expect(['CASE-1', 'CASE-12', 'CASE-1*'].filter((caseId) => !rights.mayRead(caseId))).toEqual([]);
    });

    it('cover nothing that only contains it, ends so, or is shorter', () => {
      const others = ['CASE-2', 'CASE-', 'XCASE-1', 'case-1', 'CASE 1', '1'];
      expect(others.filter((caseId) => rights.mayRead(caseId))).toEqual([]);
    });
  });

  it.each([0, 7, 8, 500])('to a star beside %i tickets cover every ticket, and no group', (count) => {
    const rights = rightsTo({ cases: [...names(count), '*'] });
    expect(['A', 'CASE-1', '*', '~'].filter((caseId) => !rights.mayRead(caseId))).toEqual([]);
    expect(rights.mayUseGroup('g')).toBe(false);
  });

  it('read a star within a name as a plain character', () => {
    const rights = rightsTo({ cases: ['A*B', '**'] });
    expect(['A*B', '*', '*x'].filter((caseId) => !rights.mayRead(caseId))).toEqual([]);
    expect(['AxB', 'A', 'A*Bx', 'x'].filter((caseId) => rights.mayRead(caseId))).toEqual([]);
  });

  it.each([1, 8, 9, 500])('to %i groups cover each of them, and no other one', (count) => {
    const rights = rightsTo({ groups: names(count) });
    expect(names(count).filter((groupId) => !rights.mayUseGroup(groupId))).toEqual([]);
    expect(['T', 'T00', `T${count}`, '*', ''].filter((groupId) => rights.mayUseGroup(groupId))).toEqual([]);
    expect(rights.mayUseGroup(undefined)).toBe(true);
  });

  it('read no group as a prefix, but a star as any group', () => {
    expect(rightsTo({ groups: ['team-*'] }).mayUseGroup('team-1')).toBe(false);
    expect(rightsTo({ groups: ['*'] }).mayUseGroup('team-1')).toBe(true);
    expect(rightsTo({ groups: [...names(9), '*'] }).mayUseGroup('team-1')).toBe(true);
  });

  it('to nothing cover nothing', () => {
    expect(rightsTo({}).mayRead('T0')).toBe(false);
    expect(rightsTo({}).mayUseGroup('g')).toBe(false);
  });

  describe('that are required', () => {
    const rights = rightsTo({ cases: ['A*', 'B1'], groups: ['g'] });
    const require = (caseIds: readonly string[], groupId?: string) =>
      refusalOf(() => rights.require({ language: 'en-us', ...(groupId !== undefined && { groupId }) }, caseIds));

    it('let pass what they cover', () => {
      expect(require(['A1', 'B1'])).toBeNull();
      expect(require(['A1', 'B1'], 'g')).toBeNull();
      expect(require([])).toBeNull();
    });

    it('name every ticket that they do not cover, and only those', () => {
      expect(require(['A1', 'C1', 'B1', 'B2'])).toEqual({ code: 'forbidden', caseIds: ['C1', 'B2'] });
    });

    it('refuse a foreign group whatever its tickets are', () => {
      expect(require(['A1'], 'h')).toEqual({ code: 'forbidden', caseIds: ['A1'] });
    });

    it('allow hints only if the token grants them', () => {
      expect(refusalOf(() => rightsTo({ cases: ['*'], groups: ['*'] }).requireHints())).toMatchObject({
        code: 'forbidden',
      });
      expect(refusalOf(() => rightsTo({ hints: true }).requireHints())).toBeNull();
    });
  });
});
