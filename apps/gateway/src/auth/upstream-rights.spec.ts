import { inspect } from 'node:util';
import { UpstreamFailure } from '#core';
import { tokenText } from '../../test/token-text.js';
import { ProbeTurns } from './probe-turns.js';
import type { Rights } from './rights.js';
import { TicketQuestions, type Probe } from './ticket-questions.js';
import { TokenVerdicts } from './token-verdicts.js';
import { UpstreamVerifier } from './upstream-verifier.js';

const FEED = { language: 'zh-cn' };
const GROUP = { ...FEED, groupId: 'g' };
const TTL_MS = 1000;
const many = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `T${from + index}`);

describe('A11: the rights of an own token', () => {
  let time: number;
  let asked: { token: string; caseIds: readonly string[]; cursor: string | null }[];
  let answer: (token: string, caseIds: readonly string[]) => Awaited<ReturnType<Probe['ask']>>['kind'];
  let verifier: UpstreamVerifier;
  const outcomes: unknown[] = [];
  const rightsOf = (token = 'alice', address = '') => verifier.verify(token, address);

  beforeEach(() => {
    time = 0;
    asked = [];
    answer = () => 'allowed';
    const now = () => time;
    const probe: Probe = {
      ask: async (token, { caseIds, cursor }) => {
        asked.push({ token, caseIds, cursor });
        const kind = answer(token, caseIds);
        return kind === 'allowed' ? { kind, cursor: `c${asked.length}` } : { kind };
      },
    };
    const turns = new ProbeTurns({ authProbeMaxConcurrent: 100, authProbeMaxRps: 10_000 });
    const onAsked = (outcome: unknown) => void outcomes.push(outcome);
    const questions = new TicketQuestions({ probe, turns, maxCaseIds: 100, onAsked });
    verifier = new UpstreamVerifier(questions, TTL_MS, now);
  });

  it('are asked for once for all connections with that token, within the time to live', async () => {
    const both = await Promise.all([rightsOf(), rightsOf()]);
    await Promise.all(both.map((rights) => rights.learn(FEED, ['a', 'b'])));
    time = TTL_MS - 1;
    expect(both[0]?.knows(FEED, ['a', 'b'])).toBe(true);
    await both[1]?.learn({ language: 'en-us' }, ['b']);
    expect(asked).toHaveLength(1);
    time = TTL_MS;
    expect(both[0]?.knows(FEED, ['a'])).toBe(false);
    await both[0]?.learn(FEED, ['a']);
    expect(asked.map(({ caseIds }) => caseIds)).toEqual([['a', 'b'], ['a']]);
  });

  it('are those of one group', async () => {
    const rights = await rightsOf();
    await rights.learn(FEED, ['a']);
    expect(rights.knows(GROUP, ['a'])).toBe(false);
    expect(() => rights.require(GROUP, ['a'])).toThrow('has not said yet');
  });

  it('are asked for in requests of at most as many tickets as the upstream takes', async () => {
    await (await rightsOf()).learn(FEED, many(250));
    expect(asked.map(({ caseIds }) => caseIds.length)).toEqual([100, 100, 50]);
  });

  it('find the tickets that are refused in few questions', async () => {
    answer = (_, caseIds) => (caseIds.includes('T37') ? 'refused' : 'allowed');
    const rights = await rightsOf();
    await rights.learn(FEED, many(100));
    expect(asked.length).toBeLessThanOrEqual(15);
    expect(() => rights.require(FEED, many(100))).toThrow(expect.objectContaining({ details: { caseIds: ['T37'] } }));
    expect(() => rights.require(FEED, many(37))).not.toThrow();
  });

  it('survive a cursor that the upstream does not understand', async () => {
    const rights = await rightsOf();
    await rights.learn(FEED, ['a']);
    answer = () => (asked.at(-1)?.cursor === null ? 'allowed' : 'doubted');
    await rights.learn(FEED, ['b']);
    expect(() => rights.require(FEED, ['a', 'b'])).not.toThrow();
    expect(asked.map(({ cursor }) => cursor)).toEqual([null, 'c1', null]);
  });

  it('are not asked for while the upstream asks to wait', async () => {
    const rights = await rightsOf();
    answer = () => {
      throw new UpstreamFailure('throttled', 'the upstream answered 429', 5000);
    };
    const refusal = { code: 'unavailable', details: { retryMs: 5000 } };
    await expect(rights.learn(FEED, ['a'])).rejects.toMatchObject(refusal);
    time = 4999;
    await expect(rights.learn(FEED, ['a'])).rejects.toMatchObject({ code: 'unavailable', details: { retryMs: 1 } });
    expect(asked).toHaveLength(1);
    expect(outcomes.at(-1)).toBeInstanceOf(UpstreamFailure);
  });

  it('are kept for four times to live for a ticket that is read while the upstream does not answer', async () => {
    const rights = await rightsOf();
    await rights.learn(FEED, ['a']);
    answer = () => {
      throw new UpstreamFailure('unavailable', 'no answer');
    };
    time = 4 * TTL_MS - 1;
    await rights.renew(FEED, ['a']);
    expect([rights.isRefused(FEED, 'a'), rights.knows(FEED, ['a'])]).toEqual([false, false]);
    time = 4 * TTL_MS;
    await expect(rights.renew(FEED, ['a'])).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('are renewed before they are too old for new connections', async () => {
    const random = jest.spyOn(Math, 'random').mockReturnValue(0.5);
    const rights = await rightsOf();
    await rights.learn(FEED, ['a']);
    random.mockRestore();
    time = 0.875 * TTL_MS - 1;
    await rights.renew(FEED, ['a']);
    expect(asked).toHaveLength(1);
    time += 1;
    await rights.renew(FEED, ['a']);
    expect(asked).toHaveLength(2);
  });

  it('are asked for again by a renewal that knows nothing of the ticket', async () => {
    await (await rightsOf()).renew(FEED, ['new']);
    expect(asked.map(({ caseIds }) => caseIds)).toEqual([['new']]);
  });

  it.each([
    ['in the last half', 'T7', ['0-7', '0-3', '4-5', '6', '7']],
    ['in the first half', 'T0', ['0-7', '0-3', '0-1', '0', '1', '2-3', '4-7']],
  ])('are not asked for where the answer is known: a ticket that is refused %s', async (_, refused, questions) => {
    answer = (__, caseIds) => (caseIds.includes(refused) ? 'refused' : 'allowed');
    await (await rightsOf()).learn(FEED, many(8));
    const range = (ids: readonly string[]) => [...new Set([ids[0], ids.at(-1)])].join('-').replaceAll('T', '');
    expect(asked.map(({ caseIds }) => range(caseIds))).toEqual(questions);
  });

  it('are asked for without a cursor after one that the upstream does not understand', async () => {
    const rights = await rightsOf();
    await rights.learn(FEED, ['a']);
    answer = () => 'doubted';
    await rights.learn(FEED, ['b']);
    await rights.learn(FEED, ['c']);
    expect(asked.map(({ cursor }) => cursor)).toEqual([null, 'c1', null, null]);
    expect([rights.isRefused(FEED, 'b'), rights.isRefused(FEED, 'c')]).toEqual([true, true]);
  });

  it('show that the token is good, also where a ticket is refused, until the time to live is over', async () => {
    answer = () => 'refused';
    const rights = await rightsOf();
    expect(rights.isProven).toBe(false);
    await rights.learn(FEED, ['a']);
    expect((await rightsOf()).isProven).toBe(true);
    time = TTL_MS;
    expect(rights.isProven).toBe(false);
  });

  it('are proven by one question for all, and again after one that failed', async () => {
    const both = await Promise.all([rightsOf(), rightsOf()]);
    answer = () => {
      throw new UpstreamFailure('unavailable', 'no answer');
    };
    const proofs = await Promise.allSettled(both.map((rights) => rights.prove()));
    expect(proofs.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    answer = () => 'allowed';
    await Promise.all(both.map((rights) => rights.prove()));
    await both[0]?.prove();
    expect(asked.map(({ caseIds }) => caseIds)).toEqual([[], []]);
  });

  it('are asked for once while the same question is under way, and a failure is told to all who wait', async () => {
    const [one, other] = await Promise.all([rightsOf(), rightsOf()]);
    const learned = [one.learn(FEED, ['a', 'b'])];
    answer = () => {
      learned.push(other.learn(FEED, ['b', 'c']));
      answer = () => 'allowed';
      throw new UpstreamFailure('unavailable', 'no answer');
    };
    await expect(learned[0]).rejects.toMatchObject({ code: 'unavailable' });
    await expect(learned[1]).rejects.toMatchObject({ code: 'unavailable' });
    await other.learn(FEED, ['a', 'b', 'c']);
    expect(asked.map(({ caseIds }) => caseIds)).toEqual([
      ['a', 'b'],
      ['c', 'a', 'b'],
    ]);
  });

  it('are counted by the address of the client until its token is found good, and by the token after that', async () => {
    const turns = jest.spyOn(ProbeTurns.prototype, 'run');
    const rights = await rightsOf('alice', '192.0.2.1');
    await rights.learn(FEED, ['a']);
    await rights.learn(FEED, ['b']);
    expect(turns.mock.calls.map(([asker]) => asker)).toEqual([
      { client: 'address 192.0.2.1', isProven: false },
      { client: `token ${rights.subject}`, isProven: true },
    ]);
    turns.mockRestore();
  });

  it('are the same in another object where they begin anew', async () => {
    const rights = (await rightsOf()).without(['b']);
    await rights.learn(FEED, ['a']);
    const again = rights.again();
    expect(again).not.toBe(rights);
    expect([again.subject, again.knows(FEED, ['a']), again.isRefused(FEED, 'b')]).toEqual([rights.subject, true, true]);
  });

  it('end with the token, and it is not shown again for a time to live', async () => {
    const rights = await rightsOf();
    await rights.learn(FEED, ['a']);
    answer = () => 'unauthorized';
    time = TTL_MS - 1;
    await expect(rights.learn(FEED, ['b'])).rejects.toMatchObject({ code: 'unauthorized' });
    expect([rights.isProven, rights.knows(FEED, ['a'])]).toEqual([false, false]);
    answer = () => 'allowed';
    time += TTL_MS - 1;
    await expect(rights.learn(FEED, ['a'])).rejects.toMatchObject({ code: 'unauthorized' });
    expect(asked).toHaveLength(2);
    time += 1;
    await rights.learn(FEED, ['a']);
    expect([rights.isProven, asked.length]).toEqual([true, 3]);
  });

  it('end with the token for those, too, whose question waits for its turn', async () => {
    const turns = new ProbeTurns({ authProbeMaxConcurrent: 1, authProbeMaxRps: 10_000 });
    const probe: Probe = {
      ask: async (token, { caseIds }) => {
        asked.push({ token, caseIds, cursor: null });
        while (turns.waiting < 2 && asked.length === 1) await new Promise((resolve) => setImmediate(resolve));
        return { kind: 'unauthorized' };
      },
    };
    const questions = new TicketQuestions({ probe, turns, maxCaseIds: 100, onAsked: () => undefined });
    const rights = await new UpstreamVerifier(questions, TTL_MS, () => time).verify('alice');
    const learned = [rights.learn(FEED, ['a']), rights.learn(GROUP, ['a']), rights.prove()];
    const outcomes = await Promise.allSettled(learned);
    expect(outcomes.map((each) => each.status === 'rejected' && (each.reason as { code: string }).code)).toEqual([
      'unauthorized',
      'unauthorized',
      'unauthorized',
    ]);
    expect(asked).toHaveLength(1);
  });

  it('end with the token', async () => {
    const rights = await rightsOf();
    await rights.learn(FEED, ['a']);
    answer = () => 'unauthorized';
    time = TTL_MS;
    await expect(rights.renew(FEED, ['a'])).rejects.toMatchObject({ code: 'unauthorized' });
    expect([rights.isProven, rights.knows(FEED, ['a'])]).toEqual([false, false]);
  });

  it('A10: are without what an operator revokes, and with it again once that is lifted', async () => {
    const rights = await rightsOf();
    await rights.learn(FEED, ['a', 'b']);
    const limited = rights.without(['a']);
    expect(() => limited.require(FEED, ['a', 'b'])).toThrow(expect.objectContaining({ details: { caseIds: ['a'] } }));
    const next = rights.replacedBy((await rightsOf('bob')).without(['a']));
    expect([next.isRefused(FEED, 'a'), next.subject, next.granted.subject]).toEqual([
      true,
      rights.subject,
      rights.subject,
    ]);
    expect(() => limited.without([]).require(FEED, ['a', 'b'])).not.toThrow();
    expect(asked).toHaveLength(1);
  });

  it('show nothing of the token to anything that prints or copies them', async () => {
    const token = tokenText();
    const rights: Rights = await rightsOf(token);
    await rights.learn(FEED, ['a']);
    const inspected = inspect([rights, { ...rights }, verifier], { depth: 9, showHidden: true });
    expect(inspected).toContain('verdicts');
    expect([inspected, rights.subject].filter((text) => text?.includes(token))).toEqual([]);
    expect(asked[0]?.token).toBe(token);
  });

  it('name their client by a digest that another process does not make', async () => {
    const [one, again, other] = [await rightsOf(), await rightsOf(), await rightsOf('bob')];
    expect(one.subject).toBe(again.subject);
    expect(one.subject).not.toBe(other.subject);
    expect(one.subject).not.toBe((await new UpstreamVerifier(null as never, TTL_MS).verify('alice')).subject);
  });

  it.each(['', 'a b', 'ä', 'x'.repeat(5001)])('are refused to a text that is no token: %.5p', async (token) => {
    await expect(rightsOf(token)).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('are forgotten of the tokens that were used longest ago', async () => {
    const first = await rightsOf('first');
    await first.learn(FEED, ['a']);
    const counted = jest.spyOn(TokenVerdicts.prototype, 'size', 'get');
    for (let index = 0; index < 10_000; index += 1) {
      await rightsOf(`invented-${index}`);
      if (index === 5000) expect((await rightsOf('first')).knows(FEED, ['a'])).toBe(true); // It is used again.
    }
    expect((await rightsOf('first')).knows(FEED, ['a'])).toBe(true);
    for (let index = 0; index < 10_000; index += 1) await rightsOf(`more-${index}`);
    expect((await rightsOf('first')).knows(FEED, ['a'])).toBe(false);
    expect(first.knows(FEED, ['a'])).toBe(true);
    // Anybody can invent tokens: not every one of them costs a look at all.
    expect(counted.mock.calls.length).toBeLessThan(20_000);
    counted.mockRestore();
  });

  it('are not asked for about more than 20,000 tickets of one token in a time to live', async () => {
    const rights = await rightsOf();
    await rights.learn(FEED, many(20_000));
    await expect(rights.learn(FEED, ['x'])).rejects.toMatchObject({ code: 'too_many' });
    time = 4 * TTL_MS;
    await rights.learn(FEED, ['x']);
    expect(rights.knows(FEED, ['x'])).toBe(true);
  });
});
