import {
  afterAnswer,
  afterRefusal,
  QUARANTINE_FIRST_MS,
  QUARANTINE_MAX_MS,
  quarantineMs,
  beginBisection,
  refusedTicketOf,
  nextProbe,
  stillWithin,
  type Bisection,
} from './bisection.js';

const BEGAN_AT = 1000;
/** The upstream has answered nothing else. */
const NEVER = Number.NEGATIVE_INFINITY;
const tickets = Array.from({ length: 100 }, (_, index) => `t${index}`);
const begun = (among: readonly string[]) => beginBisection(among, BEGAN_AT, null);
const refusal = (asked: readonly string[], answeredSince = NEVER) => ({ asked, now: BEGAN_AT, answeredSince });

/** Asks until a ticket is blamed or no suspect is left. @returns the ticket, and the number of requests */
function bisect(refuses: (asked: readonly string[]) => boolean, among: readonly string[] = tickets) {
  let bisection: Bisection | null = begun(among);
  for (let requests = 1; ; requests += 1) {
    const asked = nextProbe(bisection, among, [], NEVER);
    const isRefused = refuses(asked);
    const found = isRefused ? refusedTicketOf(bisection, refusal(asked)) : null;
    bisection = isRefused ? afterRefusal(bisection, refusal(asked)) : afterAnswer(bisection, asked);
    if (found !== null || bisection === null) {
      return { found, requests };
    }
  }
}

describe('a bisection', () => {
  it.each([2, 3, 5, 64, 100])('finds each of %d, by halving and three requests to be sure', (size) => {
    const among = tickets.slice(0, size);
    for (const bad of among) {
      const { found, requests } = bisect((asked) => asked.includes(bad), among);
      expect(found).toBe(bad);
      expect(requests).toBeLessThanOrEqual(Math.ceil(Math.log2(size)) + 3);
    }
  });

  it('finds one of several', () => {
    const { found } = bisect((asked) => asked.includes('t13') || asked.includes('t97'));
    expect(['t13', 't97']).toContain(found);
  });

  it('blames no ticket while everything is refused', () => {
    expect(bisect(() => true).found).toBeNull();
  });

  it('blames no ticket for a time in which everything is refused, whenever it begins and ends', () => {
    for (let begin = 0; begin <= 12; begin += 1) {
      for (let lasting = 1; lasting <= 12; lasting += 1) {
        let requests = 0;
        const { found } = bisect(() => (requests += 1) > begin && requests <= begin + lasting);
        expect([begin, lasting, found]).toEqual([begin, lasting, null]);
      }
    }
  });

  it('blames no other ticket if everything is refused from the middle of the bisection on', () => {
    for (let begin = 0; begin <= 12; begin += 1) {
      let requests = 0;
      const { found } = bisect((asked) => (requests += 1) > begin || asked.includes('t42'));
      expect(found === null || found === 't42').toBe(true);
    }
  });

  it('blames a ticket that is alone in its set once it was refused before and after an answer to others', () => {
    const once = afterRefusal(begun(['a']), refusal(['a'], BEGAN_AT + 1));
    expect(once && nextProbe(once, ['a'], [], NEVER)).toEqual(['a']);
    expect(once && refusedTicketOf(once, refusal(['a'], BEGAN_AT))).toBeNull();
    expect(once && afterRefusal(once, refusal(['a'], BEGAN_AT))).toEqual(once);
    expect(once && refusedTicketOf(once, refusal(['a'], BEGAN_AT + 1))).toBe('a');
  });

  it('blames one ticket of a set whose tickets are all refused once other sets were answered for', () => {
    let bisection: Bisection = begun(['a', 'b']);
    for (const asked of [['a'], ['b']]) {
      expect(nextProbe(bisection, ['a', 'b'], [], NEVER)).toEqual(asked);
      bisection = afterRefusal(bisection, refusal(asked)) ?? bisection;
    }
    expect(nextProbe(bisection, ['a', 'b'], [], NEVER)).toEqual(['a']);
    expect(refusedTicketOf(bisection, refusal(['a'], BEGAN_AT + 1))).toBe('a');
    expect(afterRefusal(bisection, refusal(['a']))).toBeNull();
  });

  it('asks in each step for all tickets that were answered for', () => {
    const all = ['a', 'b', 'c', 'd'];
    const second = afterAnswer(begun(all), ['a', 'b']);
    expect(second && nextProbe(second, all, [], NEVER)).toEqual(['a', 'b', 'c']);
  });

  it('samples a ticket that was answered for, if there is one, to see whether the upstream answers for others', () => {
    const left = afterRefusal(begun(['a']), refusal(['a']));
    const next = (cleared: string[], among: string[], members: string[]) =>
      left && nextProbe({ ...left, cleared }, among, members, NEVER);
    expect(next(['c'], ['a', 'b', 'c'], ['m'])).toEqual(['c']);
    expect(next([], ['a', 'b'], ['m'])).toEqual(['m']);
    expect(next([], ['a', 'b'], ['a', 'b'])).toEqual(['b']);
    expect(next([], ['a'], [])).toEqual(['a']);
    expect(left && nextProbe(left, ['a', 'b'], [], BEGAN_AT + 1)).toEqual(['a']);
  });

  it('asks for all, twice at most, if it may be the cursor, and only then halves', () => {
    let bisection: Bisection | null = beginBisection(['b', 'a'], BEGAN_AT, 'accepted');
    const steps = [];
    while (bisection !== null && bisection.cursorTrial !== 'over') {
      const asked = nextProbe(bisection, ['a', 'b'], [], NEVER);
      steps.push([bisection.cursorTrial, asked, refusedTicketOf(bisection, refusal(asked, BEGAN_AT + 1))]);
      bisection = afterRefusal(bisection, refusal(asked));
    }
    expect(steps).toEqual([
      ['accepted', ['a', 'b'], null],
      ['none', ['a', 'b'], null],
    ]);
    expect(bisection && nextProbe(bisection, ['a', 'b'], [], NEVER)).toEqual(['b']);
  });

  it('blames a ticket that is alone only for a refusal without the cursor', () => {
    const trying = beginBisection(['a'], BEGAN_AT, 'none');
    expect(refusedTicketOf(trying, refusal(['a'], BEGAN_AT + 1))).toBeNull();
    const over = afterRefusal(trying, refusal(['a']));
    expect(over).toMatchObject({ cursorTrial: 'over', alone: { others: 'not_asked' } });
    expect(over && refusedTicketOf(over, refusal(['a'], BEGAN_AT + 1))).toBe('a');
  });

  it('continues without tickets that have left, and ends when no suspect is left', () => {
    const bisection = { ...begun(['bad', 'good']), cleared: ['a'] };
    const left = stillWithin(bisection, ['a', 'good']);
    expect(left).toEqual({ ...bisection, suspects: ['good'] });
    expect(left && refusedTicketOf(left, refusal(['good'], BEGAN_AT + 1))).toBeNull();
    expect(stillWithin(bisection, ['a'])).toBeNull();
  });
});

describe('the time in quarantine', () => {
  it('doubles with every refusal, up to its limit', () => {
    expect([1, 2, 3].map(quarantineMs)).toEqual([
      QUARANTINE_FIRST_MS,
      2 * QUARANTINE_FIRST_MS,
      4 * QUARANTINE_FIRST_MS,
    ]);
    expect([6, 100, 10_000].map(quarantineMs)).toEqual([QUARANTINE_MAX_MS, QUARANTINE_MAX_MS, QUARANTINE_MAX_MS]);
  });
});

describe('the last suspect of a bisection', () => {
  const alone = { at: BEGAN_AT + 3, others: 'not_asked' as const };
  const last: Bisection = { ...begun(['bad']), cleared: ['x', 'y'], alone };

  it('is followed by one other ticket, which the time picks', () => {
    const picked = [0, 1, 2, 3].map((ms) =>
      nextProbe({ ...last, alone: { ...alone, at: BEGAN_AT + ms } }, ['bad', 'x', 'y'], [], NEVER),
    );
    expect(picked).toEqual([['x'], ['y'], ['x'], ['y']]);
  });

  it('is blamed for a refusal of itself alone, once the upstream has answered for another ticket', () => {
    const answered: Bisection = { ...last, alone: { ...alone, others: 'answered' } };
    expect(refusedTicketOf(answered, refusal(['bad']))).toBe('bad');
    expect(refusedTicketOf(answered, refusal(['bad', 'x']))).toBeNull();
    expect(refusedTicketOf(answered, refusal(['x']))).toBeNull();
    expect(refusedTicketOf({ ...answered, suspects: [] }, refusal(['bad']))).toBeNull();
    expect(refusedTicketOf(last, refusal(['bad']))).toBeNull();
    expect(refusedTicketOf(last, refusal(['bad'], alone.at))).toBeNull();
    expect(refusedTicketOf(last, refusal(['bad'], alone.at + 1))).toBe('bad');
  });

  it('and the tickets that were answered for are forgotten when they leave the set', () => {
    expect(stillWithin(last, ['bad', 'y', 'z'])).toEqual({ ...last, cleared: ['y'] });
    expect(stillWithin(last, ['x', 'y'])).toBeNull();
  });
});
