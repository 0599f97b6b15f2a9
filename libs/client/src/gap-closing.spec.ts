import type { Gap } from './events.js';
import { lostEvents, type GapSource } from './gap-closing.js';

const GAP: Gap = { case_ids: ['A', 'B'], reason: 'history_truncated', after: '1', before: '9' };
const SOURCE: GapSource = { url: 'https://push.example', token: 'a token', groupId: 'G', language: 'en-us' };
const message = (id: string, caseId: string) => ({ event: 'message', id, case_id: caseId, message: {}, sent_at: null });

type Answer = readonly [status: number, body: object, retryAfter?: string];

describe('the events of a gap', () => {
  const asked: string[] = [];
  const inits: RequestInit[] = [];
  const answers: Answer[] = [];
  const waits: (number | undefined)[] = [];
  let restore: () => void;
  beforeEach(() => {
    asked.length = inits.length = answers.length = waits.length = 0;
    const fetching = jest.spyOn(globalThis, 'fetch').mockImplementation(async (url, init = {}) => {
      asked.push(url as string);
      inits.push(init);
      const [status, body, retryAfter] = answers.shift() ?? [500, {}];
      const headers: Record<string, string> = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
      return new Response(JSON.stringify(body), { status, headers });
    });
    const timers = jest.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, ms?: number) => {
      waits.push(ms);
      run();
    }) as typeof setTimeout);
    restore = () => [fetching, timers].forEach((spy) => spy.mockRestore());
  });
  afterEach(() => restore());
  const close = async (gap: Gap, source = SOURCE) => (await lostEvents(gap, source)).map(({ data }) => data.id);

  it('are read of each ticket, page by page, from the one position back to the other, and come in their order', async () => {
    answers.push([200, { events: [message('5', 'A'), message('8', 'A')], before: '5' }]);
    answers.push([200, { events: [message('2', 'A')], before: null }]);
    answers.push([200, { events: [message('3', 'B')], before: null }]);
    expect(await close(GAP)).toEqual(['2', '3', '5', '8']);
    const page = (caseId: string, before: string) =>
      `https://push.example/v1/cases/${caseId}/messages?before=${before}&after=1&limit=1000&group_id=G&language=en-us`;
    expect(asked).toEqual([page('A', '9'), page('A', '5'), page('B', '9')]);
    expect(inits[0]).toMatchObject({ headers: { authorization: 'Bearer a token' }, credentials: 'omit' });
  });

  it('are read with the cookie where there is no token', async () => {
    answers.push([200, { events: [] }], [200, { events: [] }]);
    await close(GAP, { ...SOURCE, token: null });
    expect(inits[0]).toMatchObject({ headers: {}, credentials: 'include', cache: 'no-store' });
  });

  it('are asked for again when the gateway wants it, or after a second, and five times at most', async () => {
    const last = [200, { events: [] }] as const;
    answers.push([429, {}, '3'], [503, {}], last, last);
    expect(await close(GAP)).toEqual([]);
    expect(waits).toEqual([3000, 1000]);
    answers.push(...Array.from({ length: 9 }, () => [503, {}] as const));
    asked.length = 0;
    await expect(close(GAP)).rejects.toThrow('503');
    expect(asked).toHaveLength(5);
  });

  it('cannot be had where the gateway refuses, where a page has a gap, and where they are more than a page shows', async () => {
    answers.push([403, {}]);
    await expect(close(GAP)).rejects.toThrow('403');
    answers.push([200, { events: [{ event: 'gap', case_ids: ['A'] }] }]);
    await expect(close(GAP)).rejects.toThrow('the gap has a gap');
    const page = Array.from({ length: 1000 }, (_, at) => message(String(at), 'A'));
    answers.splice(
      0,
      answers.length,
      ...Array.from({ length: 11 }, () => [200, { events: page, before: '5' }] as const),
    );
    await expect(close(GAP)).rejects.toThrow('more than 10000 events');
    expect(answers).toHaveLength(0);
  });
});
