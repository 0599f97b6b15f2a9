import {
  afterAnswer,
  afterRefusal,
  QUARANTINE_FIRST_MS,
  QUARANTINE_MAX_MS,
  quarantineMs,
  beginBisection,
  beginUnconfirmedBisection,
  refusedTicketOf,
  nextProbe,
  stillWithin,
  type Bisection,
} from './bisection.js';

/** The upstream has answered nothing else. */
const NEVER = Number.NEGATIVE_INFINITY;
const tickets = Array.from({ length: 100 }, (_, index) => `t${index}`);

/** Asks until someone is blamed or nobody is suspected; returns who, and how many requests that took. */
function searchFor(
  refuses: (asked: readonly string[]) => boolean,
  among: readonly string[] = tickets,
  first: Bisection = beginBisection(among),
) {
  let bisection = first;
  for (let requests = 0; ; requests += 1) {
    const found = refusedTicketOf(bisection);
    if (found !== null) {
      return { found, requests };
    }
    const asked = nextProbe(bisection, among);
    const next = refuses(asked) ? afterRefusal(bisection, asked, NEVER) : afterAnswer(bisection, asked);
    if (next === null) {
      return { found: null, requests: requests + 1 };
    }
    bisection = next;
  }
}

describe('a search for a refused ticket', () => {
  it('finds any one of a hundred within seven requests, and one to be sure', () => {
    const taken = tickets.map((bad) => {
      const { found, requests } = searchFor((asked) => asked.includes(bad));
      expect(found).toBe(bad);
      return requests;
    });
    expect(Math.max(...taken)).toBeLessThanOrEqual(Math.ceil(Math.log2(100)) + 1);
    expect(taken.filter((requests) => requests > Math.ceil(Math.log2(100))).length).toBeLessThanOrEqual(5);
  });

  it.each([1, 2, 3, 5, 64])('finds each of %d', (size) => {
    const among = tickets.slice(0, size);
    among.forEach((bad) => expect(searchFor((asked) => asked.includes(bad), among).found).toBe(bad));
  });

  it('finds one of several', () => {
    const { found } = searchFor((asked) => asked.includes('t3') || asked.includes('t97'));
    expect(['t3', 't97']).toContain(found);
  });

  it('blames nobody for refusals that pass', () => {
    for (let lasting = 0; lasting <= 6; lasting += 1) {
      let refusals = 0;
      expect(searchFor(() => (refusals += 1) <= lasting).found).toBeNull();
    }
  });

  it('asks again for everybody who was answered for', () => {
    const second = afterAnswer(beginBisection(['a', 'b', 'c', 'd']), ['a', 'b']);
    expect(second && nextProbe(second, ['a', 'b', 'c', 'd'])).toEqual(['a', 'b', 'c']);
  });

  it('blames nobody by elimination once a suspect has left', () => {
    const bisection = { suspects: ['bad', 'good'], cleared: ['a'], answered: true, proven: true };
    const left = stillWithin(bisection, ['a', 'good']);
    expect(left).toEqual({ suspects: ['good'], cleared: ['a'], answered: true, proven: false });
    expect(left && refusedTicketOf(left)).toBeNull();
    expect(stillWithin(bisection, ['a'])).toBeNull();
  });
});

describe('a wary search', () => {
  const wary = (among: readonly string[]) => beginUnconfirmedBisection(among, 1000);

  it.each([2, 3, 5, 64, 100])('finds each of %d, with three requests more than one that is not', (size) => {
    const among = tickets.slice(0, size);
    for (const bad of among) {
      const { found, requests } = searchFor((asked) => asked.includes(bad), among, wary(among));
      expect(found).toBe(bad);
      expect(requests).toBeLessThanOrEqual(Math.ceil(Math.log2(size)) + 3);
    }
  });

  it('blames nobody where everything is refused', () => {
    expect(searchFor(() => true, tickets, wary(tickets)).found).toBeNull();
  });

  it('blames nobody for refusals that pass, whenever they do', () => {
    for (let lasting = 0; lasting <= 12; lasting += 1) {
      let refusals = 0;
      expect(searchFor(() => (refusals += 1) <= lasting, tickets, wary(tickets)).found).toBeNull();
    }
  });

  it('blames a ticket that is alone only after the upstream answered for others', () => {
    const before = afterRefusal(wary(['a']), ['a'], 1000);
    expect(before && refusedTicketOf(before)).toBeNull();
    const since = afterRefusal(wary(['a']), ['a'], 1001);
    expect(since && refusedTicketOf(since)).toBe('a');
  });
});

describe('the time apart', () => {
  it('doubles with every refusal, up to its limit', () => {
    expect([1, 2, 3].map(quarantineMs)).toEqual([
      QUARANTINE_FIRST_MS,
      2 * QUARANTINE_FIRST_MS,
      4 * QUARANTINE_FIRST_MS,
    ]);
    expect([6, 100, 10_000].map(quarantineMs)).toEqual([QUARANTINE_MAX_MS, QUARANTINE_MAX_MS, QUARANTINE_MAX_MS]);
  });
});
