import fc from 'fast-check';
import { claimedGrants, type ClaimSettings } from './claimed-grants.js';
import { Rights, type Grants } from './rights.js';

const PLAIN: ClaimSettings = {
  authCasesClaim: 'cases',
  authGroupsClaim: 'groups',
  authHintsClaim: 'hints',
  authScopePrefix: '',
  authDetailsType: '',
};
const OAUTH: ClaimSettings = { ...PLAIN, authScopePrefix: 'pollcast:', authDetailsType: 'tickets' };
const NOTHING: Grants = { cases: [], groups: [], hints: false };

const ofScope = (scope: unknown) => claimedGrants({ scope }, OAUTH);
const ofDetails = (authorization_details: unknown) => claimedGrants({ authorization_details }, OAUTH);
const refused = expect.objectContaining({ name: 'Refusal', code: 'unauthorized' });

describe('the claims of rights', () => {
  it('have the names that the settings say, and no others', () => {
    const renamed = {
      ...PLAIN,
      authCasesClaim: 'https://example.com/cases',
      authGroupsClaim: 'https://example.com/groups',
      authHintsClaim: 'https://example.com/hints',
    };
    const there = {
      'https://example.com/cases': ['A'],
      'https://example.com/groups': ['g'],
      'https://example.com/hints': true,
    };
    expect(claimedGrants(there, renamed)).toEqual({ cases: ['A'], groups: ['g'], hints: true });
    expect(claimedGrants(there, PLAIN)).toEqual(NOTHING);
    expect(claimedGrants({ cases: ['*'], groups: ['*'], hints: true }, renamed)).toEqual(NOTHING);
  });

  it('grant nothing where they are named as what every object has', () => {
    for (const authCasesClaim of ['constructor', '__proto__', 'toString']) {
      expect(claimedGrants({}, { ...PLAIN, authCasesClaim })).toEqual(NOTHING);
    }
  });

  it('are refused in another form under any name', () => {
    for (const value of ['*', null, 1, {}, [1], ['A', ['*']]]) {
      expect(() => claimedGrants({ mine: value }, { ...PLAIN, authCasesClaim: 'mine' })).toThrow(refused);
      expect(() => claimedGrants({ mine: value }, { ...PLAIN, authGroupsClaim: 'mine' })).toThrow(refused);
    }
  });

  it('grant nothing by scope and authorization_details, whatever their form, unless a setting asks for them', () => {
    for (const scope of ['pollcast:case:* case:* *', '*', ['*'], null, 7]) {
      expect(claimedGrants({ scope, authorization_details: scope }, PLAIN)).toEqual(NOTHING);
    }
    const authorization_details = [{ type: '', case_ids: ['*'] }];
    expect(claimedGrants({ authorization_details }, PLAIN)).toEqual(NOTHING);
  });
});

describe('a scope', () => {
  it.each<[string, Partial<Grants>]>([
    ['', {}],
    ['openid profile', {}],
    ['pollcast:case:CASE-1', { cases: ['CASE-1'] }],
    ['openid pollcast:case:TEAM-*  pollcast:case:A:B', { cases: ['TEAM-*', 'A:B'] }],
    ['pollcast:case:*', { cases: ['*'] }],
    ['pollcast:group:g1 pollcast:group:*', { groups: ['g1', '*'] }],
    ['pollcast:hints', { hints: true }],
    // What is near to a scope is none.
    ['case:A group:g hints *', {}],
    ['pollcast:* pollcast: pollcast pollcast:case pollcast:case: pollcast:group:', {}],
    ['Pollcast:case:A pollcast:Case:A xpollcast:case:A pollcast:cases:A pollcast:hints:A pollcast:hint', {}],
    ['x\tpollcast:case:A\npollcast:hints', {}],
  ])('%j grants what it says', (scope, grants) => expect(ofScope(scope)).toEqual({ ...NOTHING, ...grants }));

  it.each<[unknown]>([[null], [7], [true], [['pollcast:case:A']], [{}]])('is refused as %j', (scope) =>
    expect(() => ofScope(scope)).toThrow(refused),
  );
});

describe('claimedGrants', () => {
  it('reads the entries of its own type only', () => {
    const ours = { type: 'tickets', case_ids: ['A'], groups: ['g'], hints: true };
    const theirs = { type: 'payment', case_ids: ['B'], groups: 7, amount: '1' };
    expect(ofDetails([theirs, ours])).toEqual({ cases: ['A'], groups: ['g'], hints: true });
    expect(ofDetails([{ ...ours, hints: 'true' }]).hints).toBe(false);
    expect(ofDetails([{ type: 'tickets' }, { type: 'Tickets', case_ids: ['A'] }])).toEqual(NOTHING);
    expect(ofDetails([])).toEqual(NOTHING);
    const detailsOnly = { ...OAUTH, authScopePrefix: '' };
    const claims = { scope: 'pollcast:case:C', authorization_details: [ours] };
    expect(claimedGrants(claims, detailsOnly)).toEqual({ cases: ['A'], groups: ['g'], hints: true });
    expect(ofDetails(undefined)).toEqual(NOTHING);
  });

  it('adds up the tickets of entries that allow the same besides them', () => {
    const rest = { type: 'tickets', groups: ['g', 'h'], hints: true };
    const turned = { ...rest, case_ids: ['B'], groups: ['h', 'g'] };
    const theirs = { type: 'payment', case_ids: ['C'] };
    expect(ofDetails([{ ...rest, case_ids: ['A'] }, theirs, turned])).toMatchObject({ cases: ['A', 'B'], hints: true });
  });

  const entryOf = (case_id: string, more: object) => ({ type: 'tickets', case_ids: [case_id], ...more });
  it.each<[string, unknown]>([
    ['whose entries differ in hints', [entryOf('A', { hints: true }), entryOf('B', {})]],
    ['whose entries differ in groups', [entryOf('A', { groups: ['g'] }), entryOf('B', { groups: ['g', 'h'] })]],
    ['of which one has no group', [entryOf('A', { groups: ['g'] }), entryOf('B', {})]],
    ['that are null', null],
    ['that are a text', 'tickets'],
    ['that are one entry', { type: 'tickets', case_ids: ['A'] }],
    ['with null among them', [null]],
    ['with a text among them', ['tickets']],
    ['without a type', [{ case_ids: ['A'] }]],
    ['with a type that is a list', [{ type: ['tickets'], case_ids: ['A'] }]],
    ['with case_ids that are a text', [{ type: 'tickets', case_ids: '*' }]],
    ['with groups that are null', [{ type: 'tickets', groups: null }]],
    ['with a case id that is a number', [{ type: 'tickets', case_ids: ['A', 1] }]],
    ['with a member that may limit the entry', [{ type: 'tickets', case_ids: ['A'], actions: ['write'] }]],
  ])('refuses authorization_details %s', (_, details) => expect(() => ofDetails(details)).toThrow(refused));

  const ids = ['A', 'A1', 'B', 'g', 'h'];
  const name = fc.constantFrom<string>(...ids);
  const names = fc.option(fc.array(name, { maxLength: 3 }), { nil: undefined });
  const entry = fc.record({
    type: fc.constantFrom('tickets', 'payment'),
    case_ids: names,
    groups: names,
    hints: fc.option(fc.boolean(), { nil: undefined }),
  });

  it('allow a ticket in a group only if one entry has both', () => {
    let allowed = 0;
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 3 }), (entries) => {
        const grants = accepted(() => ofDetails(entries));
        const rights = new Rights('alice', Infinity, grants);
        const ours = entries.filter(({ type }) => type === 'tickets');
        for (const caseId of ids) {
          const having = ours.filter(({ case_ids }) => case_ids?.includes(caseId));
          expect(rights.mayRead(caseId) && having.length === 0).toBe(false);
          expect(rights.mayRead(caseId) && grants.hints && !having.some(({ hints }) => hints)).toBe(false);
          for (const groupId of ids.filter((id) => rights.mayRead(caseId) && rights.mayUseGroup(id))) {
            expect(having.some(({ groups }) => groups?.includes(groupId))).toBe(true);
            allowed += 1;
          }
        }
      }),
    );
    expect(allowed).toBeGreaterThan(0);
  });

  it('grants no name that stands in none of the forms, and all names that stand in one', () => {
    const scopes = fc.array(
      fc.tuple(fc.constantFrom('pollcast:case:', 'pollcast:group:', 'case:', 'other:', ''), name),
      { maxLength: 4 },
    );
    const claims = fc.record({ cases: names, groups: names, scopes, entry });
    fc.assert(
      fc.property(claims, ({ cases, groups, scopes: pairs, entry: one }) => {
        const grants = claimedGrants(
          { cases, groups, scope: pairs.map((pair) => pair.join('')).join(' '), authorization_details: [one] },
          OAUTH,
        );
        const ours: Partial<typeof one> = one.type === 'tickets' ? one : {};
        const scoped = (prefix: string) => pairs.filter(([begin]) => begin === prefix).map(([, id]) => id);
        expect(new Set(grants.cases)).toEqual(
          new Set([...(cases ?? []), ...scoped('pollcast:case:'), ...(ours.case_ids ?? [])]),
        );
        expect(new Set(grants.groups)).toEqual(
          new Set([...(groups ?? []), ...scoped('pollcast:group:'), ...(ours.groups ?? [])]),
        );
        expect(grants.hints).toBe(ours.hints === true);
      }),
    );
  });

  it('grants less or the same, never more, when a claim is taken away', () => {
    const claims = fc.record(
      {
        cases: fc.array(name),
        groups: fc.array(name),
        hints: fc.boolean(),
        scope: fc.constantFrom('', 'pollcast:case:A', 'pollcast:group:g pollcast:hints', 'openid pollcast:case:A*'),
        authorization_details: fc.array(entry, { maxLength: 1 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(claims, (all) => {
        const whole = claimedGrants(all, OAUTH);
        for (const gone of Object.keys(all)) {
          const rest = claimedGrants({ ...all, [gone]: undefined }, OAUTH);
          expect(whole.cases).toEqual(expect.arrayContaining([...rest.cases]));
          expect(whole.groups).toEqual(expect.arrayContaining([...rest.groups]));
          expect(rest.hints && !whole.hints).toBe(false);
        }
      }),
    );
  });
});

/** What is granted; nothing if it is refused. */
function accepted(read: () => Grants): Grants {
  try {
    return read();
  } catch (error) {
    expect(error).toEqual(refused);
    return NOTHING;
  }
}
