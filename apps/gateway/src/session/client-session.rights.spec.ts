import { feedKey, type CaseId, type Feed } from '#core';
import { Refusal } from '#protocol';
import { Rights } from '../auth/rights.js';
import { Deadline } from '../edge/deadline.js';
import { GROUP, heldBack, MAX_CASES, sessionFixture, settled } from '../../test/session-fixture.js';

/** Rights that somebody else knows. They are asked for, and they may end. */
class AskedRights extends Rights {
  readonly asked: string[] = [];
  isGood = true;
  known = true;
  answer: () => Promise<void> = async () => undefined;
  refused: readonly CaseId[] = [];

  constructor(expiresAt = 1000) {
    super('alice', expiresAt, { cases: ['*'], groups: ['*'], hints: false });
  }

  private ask(what: string, feed?: Feed, caseIds: readonly CaseId[] = []): Promise<void> {
    this.asked.push([what, ...(feed === undefined ? [] : [feedKey(feed), ...caseIds])].join(' '));
    return this.answer();
  }

  override get isProven(): boolean {
    return this.isGood;
  }
  override prove = () => this.ask('prove');
  override knows = () => this.known;
  override learn = async (feed: Feed, caseIds: readonly CaseId[]) => {
    await this.ask('learn', feed, caseIds);
    this.known = true;
  };
  override renew = (feed: Feed, caseIds: readonly CaseId[]) => this.ask('renew', feed, caseIds);
  override isRefused(_feed: Feed, caseId: CaseId): boolean {
    return this.refused.includes(caseId);
  }
}

const unauthorized = async () => Promise.reject(new Refusal('unauthorized', 'not good any more'));
const unavailable = async () => Promise.reject(new Refusal('unavailable', 'no answer'));

describe('a session whose rights have to be asked for', () => {
  afterEach(() => void jest.restoreAllMocks());

  function fixture() {
    const rights = new AskedRights();
    return { rights, ...sessionFixture(rights) };
  }
  const reasons = ({ outlet }: ReturnType<typeof fixture>) => outlet.close.mock.calls.map(([{ reason }]) => reason);

  it('learns what another token grants for all that it has, before the token counts', async () => {
    const { session, subscribe } = fixture();
    await subscribe(['a', 'b']);
    await subscribe(['c'], GROUP);
    const next = new AskedRights(2000);
    next.isGood = false;
    await session.authenticate(async () => next, new Deadline());
    expect(next.asked).toEqual(['learn zh-cn a b', 'learn zh-cn/g c', 'prove']);
    expect(session.expiresAt).toBe(2000);
    const bad = new AskedRights(3000);
    bad.isGood = false;
    bad.prove = unauthorized;
    await expect(session.authenticate(async () => bad, new Deadline())).rejects.toMatchObject({ code: 'unauthorized' });
    expect(session.expiresAt).toBe(2000);
  });

  it('asks for the rights to what waits in one go, and never for more than it may have', async () => {
    const { rights, store, subscribe } = fixture();
    const answers = heldBack(store);
    const first = subscribe(['first']);
    await settled();
    rights.known = false;
    const waiting = [subscribe(['a']), subscribe(['b'])];
    const tooMany = Array.from({ length: MAX_CASES + 1 }, (_, at) => `t${at}`);
    const refused = expect(subscribe(tooMany)).rejects.toMatchObject({ code: 'too_many' });
    expect(rights.asked).toEqual(['learn zh-cn a', 'learn zh-cn b']);
    jest.mocked(store.registry.want).mockRestore();
    answers.forEach(({ go }) => go());
    await Promise.all([first, ...waiting, refused]);
    rights.known = false;
    await expect(subscribe(tooMany)).rejects.toMatchObject({ code: 'too_many' });
    expect(rights.asked.some((asked) => asked.includes('t0'))).toBe(false);
  });

  it.each([
    ['ends where the token is not good any more', unauthorized, ['token_expired']],
    ['ends where nobody can tell for too long', unavailable, ['unavailable']],
  ])('with tickets %s', async (_, answer, closed) => {
    const made = fixture();
    await made.subscribe(['a']);
    made.rights.answer = answer;
    await made.session.renewRights();
    expect(made.rights.asked).toEqual(['renew zh-cn a']);
    expect(reasons(made)).toEqual(closed);
  });

  it.each([
    ['ends where the token is not good', unauthorized, ['token_expired']],
    ['stays where nobody can tell', unavailable, []],
  ])('without tickets %s', async (_, answer, closed) => {
    const made = fixture();
    Object.assign(made.rights, { isGood: false, answer });
    await made.session.renewRights();
    expect(made.rights.asked).toEqual(['prove']);
    expect(reasons(made)).toEqual(closed);
  });

  it('loses the tickets that are refused now, and no others', async () => {
    const made = fixture();
    await made.subscribe(['a', 'b']);
    made.rights.refused = ['b', 'never'];
    await made.session.renewRights();
    expect(made.outlet.notify.mock.calls).toEqual([
      [{ event: 'revoked', data: { case_ids: ['b'], reason: 'rights' } }],
    ]);
    expect(await made.held()).toEqual(['zh-cn a']);
    expect(reasons(made)).toEqual([]);
  });

  it('goes by the rights of its newest token, whatever is heard of those before', async () => {
    const { rights, session, subscribe, outlet } = fixture();
    await subscribe(['a']);
    let answer: () => void = () => undefined;
    rights.answer = () => new Promise((resolve) => (answer = resolve));
    const renewing = session.renewRights();
    await session.authenticate(async () => new AskedRights(2000), new Deadline());
    rights.refused = ['a'];
    answer();
    await renewing;
    expect(outlet.notify).not.toHaveBeenCalled();
    expect(session.expiresAt).toBe(2000);
  });

  it('that are revoked as a whole is told which tickets it loses, and ends', async () => {
    const made = fixture();
    await made.subscribe(['a', 'b']);
    await made.subscribe(['c'], GROUP);
    made.session.recheck(() => null);
    expect(made.outlet.notify.mock.calls.map(([{ data }]) => data)).toEqual([
      { case_ids: ['a', 'b'], reason: 'rights' },
      { case_ids: ['c'], group_id: 'g', reason: 'rights' },
    ]);
    expect(reasons(made)).toEqual(['token_revoked']);
    expect(await made.held()).toEqual([]);
  });
});
