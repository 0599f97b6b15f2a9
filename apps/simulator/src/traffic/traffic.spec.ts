import { RunningSimulator, type PollOptions } from '../../test/running-simulator.js';
import { type Counters } from './traffic.js';

let simulator: RunningSimulator;
beforeEach(async () => void (simulator = await RunningSimulator.start()));
afterEach(() => simulator.close());

const counters = (): Promise<Counters> => simulator.control('GET', 'counters');

/** Sends requests that are all in flight at the same time: the first ones are answered after the last has arrived. */
async function together(...requests: [string[], PollOptions?][]): Promise<void> {
  await simulator.control('PUT', 'quirks', { latency_ms: 3_600_000 });
  const abort = new AbortController();
  const answers = requests.map(([ids, options]) => simulator.fetchMessages(ids, { ...options, signal: abort.signal }));
  const settled = Promise.allSettled(answers);
  while ((await counters()).in_flight < requests.length) await new Promise((resolve) => setTimeout(resolve, 5));
  abort.abort();
  await settled;
  while ((await counters()).in_flight > 0) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('overlaps', () => {
  it('are requests for a ticket that is in flight already', async () => {
    await together([['a', 'b']], [['b', 'c']], [['c', 'd']]);
    expect(await counters()).toMatchObject({ overlaps: 2, max_in_flight: 3, in_flight: 0, requests: 3 });
  });

  it('are not requests for other tickets, groups or languages', async () => {
    await together([['a']], [['b']], [['a'], { group: 'night' }], [['a'], { headers: { 'X-Language': 'en-us' } }]);
    expect(await counters()).toMatchObject({ overlaps: 0, max_in_flight: 4 });
  });

  it('are not requests one after the other', async () => {
    await simulator.poll(['a']);
    await simulator.poll(['a']);
    expect(await counters()).toMatchObject({ overlaps: 0, requests: 2 });
  });
});

describe('counters', () => {
  it('count requests, statuses and tickets', async () => {
    const { cursor } = await simulator.poll(['a', 'b']);
    await simulator.poll(['b', 'a'], { cursor });
    await simulator.poll(['c'], { cursor: '' });
    await simulator.fetchMessages(['d'], { cursor: 'nonsense' });
    expect(await counters()).toMatchObject({
      requests: 4,
      by_status: { 200: 3, 400: 1 },
      cursorless: 2,
      case_ids_total: 6,
      distinct_sets: 3,
    });
  });

  it('have the busiest second, whenever it begins', async () => {
    for (const advanceMs of [600, 300, 300, 99, 1_000]) {
      await simulator.poll(['a']);
      simulator.clock.advance(advanceMs);
    }
    // At 0, 600, 900, 1200 and 1299 ms: the last four lie within one second.
    expect(await counters()).toMatchObject({ max_per_second: 4 });
  });

  it('are 0 after a reset', async () => {
    await simulator.poll(['a']);
    await simulator.control('POST', 'counters/reset');
    expect(await counters()).toEqual({
      requests: 0,
      by_status: {},
      cursorless: 0,
      case_ids_total: 0,
      max_in_flight: 0,
      more: 0,
      unread: 0,
      max_others_in_flight: 0,
      logins: 0,
      tokens_issued: 0,
      in_flight: 0,
      overlaps: 0,
      max_per_second: 0,
      distinct_sets: 0,
    });
  });

  it('are metrics too', async () => {
    await simulator.poll(['a', 'b']);
    const text = await (await fetch(`${simulator.origin}/metrics`)).text();
    expect(text).toContain('simulator_requests_total{status="200"} 1');
    expect(text).toContain('simulator_case_ids_total 2');
    expect(text).toContain('simulator_requests_in_flight 0');
  });
});

describe('the request log', () => {
  it('lists the last requests, oldest first', async () => {
    const at = simulator.clock.now();
    await simulator.poll(['a']);
    await simulator.poll(['b', 'c'], { cursor: '1768478400000', group: 'night', headers: { 'X-Language': 'en-us' } });
    await simulator.fetchMessages([]);
    const common = {
      at,
      group_id: null,
      language: 'zh-cn',
      user_agent: expect.any(String),
      traceparent: null,
      duration_ms: 0,
    };
    expect(await simulator.control('GET', 'requests?limit=2')).toEqual({
      requests: [
        { ...common, case_ids: ['b', 'c'], cursor: '1768478400000', group_id: 'night', language: 'en-us', status: 200 },
        { ...common, case_ids: [], cursor: null, status: 400 },
      ],
    });
  });

  it('keeps a thousand', async () => {
    for (let n = 0; n < 1_010; n += 1) await simulator.fetchMessages([`${n}`]).then((response) => response.text());
    const { requests } = await simulator.control<{ requests: { case_ids: string[] }[] }>('GET', 'requests?limit=5000');
    expect(requests).toHaveLength(1_000);
    expect(requests.at(0)?.case_ids).toEqual(['10']);
  });
});
