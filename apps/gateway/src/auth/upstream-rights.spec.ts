import { inspect } from 'node:util';
import { UpstreamFailure } from '#core';
import { tokenText } from '../../test/token-text.js';
import { ProbeTurns } from './probe-turns.js';
import type { Rights } from './rights.js';
import { TicketQuestions, type Probe } from './ticket-questions.js';
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
    const rights = await rightsOf();
    await rights.learn(FEED, ['a']);
    time = 0.74 * TTL_MS;
    await rights.renew(FEED, ['a']);
    expect(asked).toHaveLength(1);
    time = TTL_MS - 1;
    await rights.renew(FEED, ['a']);
    expect(asked).toHaveLength(2);
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
    for (let index = 0; index < 10_000; index += 1) {
      await rightsOf(`invented ${index}`.replace(' ', '-'));
    }
    expect((await rightsOf('first')).knows(FEED, ['a'])).toBe(false);
    expect(first.knows(FEED, ['a'])).toBe(true);
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
