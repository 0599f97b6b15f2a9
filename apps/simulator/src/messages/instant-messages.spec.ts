import { RunningSimulator, PATH } from '../../test/running-simulator.js';

let simulator: RunningSimulator;
beforeEach(async () => void (simulator = await RunningSimulator.start()));
afterEach(() => simulator.close());

const quirks = (patch: object): Promise<unknown> => simulator.control('PUT', 'quirks', patch);

describe('GET instant-messages', () => {
  it('answers in the documented shape', async () => {
    await simulator.say('TS1', 'hello', { accessory_list: [{ accessory_id: 'a1', file_actual_name: 'log.txt' }] });
    await simulator.control('POST', 'status', { case_id: 'TS1', status: 0 });
    const response = await simulator.fetchMessages(['TS1', 'TS2']);
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(await response.json()).toEqual({
      imstatus: [
        { status: 0, incident_id: 'TS1' },
        { status: 1, incident_id: 'TS2' },
      ],
      immsg: [
        {
          incident_id: 'TS1',
          message_list: [
            {
              type: 1,
              replier_type: 1,
              replier: 'engineer-1',
              content: 'hello',
              create_time: '2026-01-15 20:00:00',
              replier_name: 'Engineer 1',
              is_first_message: 1,
              iam_user_type: 0,
              accessory_list: [{ accessory_id: 'a1', file_actual_name: 'log.txt' }],
            },
          ],
        },
      ],
      last_message_time_id: String(simulator.clock.now()),
    });
  });

  it.each([
    ['no ticket', '', {}],
    ['101 tickets', Array.from({ length: 101 }, (_, n) => `case_ids=${n}`).join('&'), {}],
    ['an empty ticket id', 'case_ids=', {}],
    ['a long ticket id', `case_ids=${'x'.repeat(65)}`, {}],
    ['a long group', `case_ids=a&group_id=${'x'.repeat(65)}`, {}],
    ['a long cursor', `case_ids=a&last_message_time_id=${'1'.repeat(65)}`, {}],
    ['a cursor it never gave out', 'case_ids=a&last_message_time_id=tomorrow', {}],
    ['an unknown time zone', 'case_ids=a', { 'X-Time-Zone': 'Middle/Earth' }],
    ['a flag that is no flag', 'case_ids=a&trim_osm_rich_text_label=1', {}],
    ['an unknown site', 'case_ids=a', { 'X-Site': '7' }],
  ])('refuses %s', async (_what, query, headers) => {
    const response = await fetch(`${simulator.origin}${PATH}?${query}`, {
      headers: { 'X-Auth-Token': 't', ...headers },
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error_code: 'OSM.0001', error_msg: expect.any(String) });
  });

  it.each([
    ['', 'bold'],
    ['&trim_osm_rich_text_label=true', 'bold'],
    ['&trim_osm_rich_text_label=false', '<p class="a"><b>bold</b></p>'],
  ])('removes the labels of rich text unless asked not to: %s', async (flag, content) => {
    await simulator.say('TS1', '<p class="a"><b>bold</b></p>');
    const headers = { 'X-Auth-Token': 't' };
    const response = await fetch(`${simulator.origin}${PATH}?case_ids=TS1${flag}`, { headers });
    expect(await response.json()).toMatchObject({ immsg: [{ message_list: [{ content }] }] });
  });

  it('reads a comma as part of a ticket id, because the official SDKs repeat the key', async () => {
    const { text } = await simulator.poll(['a,b']);
    expect(JSON.parse(text).imstatus).toEqual([{ status: 1, incident_id: 'a,b' }]);
  });

  it('keeps groups apart', async () => {
    await simulator.say('TS1', 'for all');
    await simulator.say('TS1', 'for night', { group_id: 'night' });
    expect((await simulator.poll(['TS1'])).contents).toEqual(['TS1: for all']);
    expect((await simulator.poll(['TS1'], { group: 'night' })).contents).toEqual(['TS1: for night']);
  });

  it('finds the cursor at any place in the query', async () => {
    await simulator.say('TS1', 'old');
    const { cursor } = await simulator.poll(['TS1']);
    const search = `last_message_time_id=${cursor}&case_ids=TS1`;
    const response = await fetch(`${simulator.origin}${PATH}?${search}`, { headers: { 'X-Auth-Token': 't' } });
    expect(await response.json()).toMatchObject({ immsg: [] });
  });

  it('writes times in the time zone of the request', async () => {
    await simulator.say('TS1', 'hello');
    const timeIn = async (zone: string): Promise<string | undefined> =>
      (await simulator.poll(['TS1'], { headers: { 'X-Time-Zone': zone } })).messages[0]?.create_time;
    expect(await timeIn('GMT-03:30')).toBe('2026-01-15 08:30:00');
    expect(await timeIn('UTC')).toBe('2026-01-15 12:00:00');
    expect(await timeIn('Asia/Kolkata')).toBe('2026-01-15 17:30:00');
  });
});

describe.each(['string', 'number', 'number19', 'opaque'] as const)('a cursor as %s', (cursor_form) => {
  describe.each(['server_time', 'newest_message'] as const)('by %s', (cursor_basis) => {
    it('exclusive: shows each message once', async () => {
      await quirks({ cursor_form, cursor_basis, cursor_bound: 'exclusive' });
      await simulator.say('TS1', 'one');
      const first = await simulator.poll(['TS1']);
      simulator.clock.advance(1);
      await simulator.say('TS1', 'two');
      const second = await simulator.poll(['TS1'], { cursor: first.cursor });
      const third = await simulator.poll(['TS1'], { cursor: second.cursor });
      expect([first.contents, second.contents, third.contents]).toEqual([['TS1: one'], ['TS1: two'], []]);
    });

    it('inclusive: shows the message at the cursor again', async () => {
      await quirks({ cursor_form, cursor_basis, cursor_bound: 'inclusive' });
      await simulator.say('TS1', 'one');
      const first = await simulator.poll(['TS1']);
      const second = await simulator.poll(['TS1'], { cursor: first.cursor });
      simulator.clock.advance(1);
      await simulator.say('TS1', 'two');
      const third = await simulator.poll(['TS1'], { cursor: first.cursor });
      expect(second.contents).toEqual(['TS1: one']);
      expect(third.contents).toEqual(['TS1: one', 'TS1: two']);
    });
  });
});

describe('a cursor by newest_message', () => {
  beforeEach(() => quirks({ cursor_basis: 'newest_message' }));

  it('is null until there is a message, and then stays at the newest one', async () => {
    expect((await simulator.poll(['TS1'])).cursor).toBe('null');
    await simulator.say('TS1', 'one');
    const newest = String(simulator.clock.now());
    simulator.clock.advance(60_000);
    expect((await simulator.poll(['TS1'])).cursor).toBe(newest);
    expect((await simulator.poll(['TS1'], { cursor: newest })).cursor).toBe(newest);
  });

  it('counts only messages of the tickets asked for that are visible', async () => {
    await simulator.say('TS1', 'one');
    const newest = String(simulator.clock.now());
    simulator.clock.advance(5_000);
    await simulator.say('TS2', 'elsewhere');
    await simulator.say('TS1', 'not yet', { visible_in_ms: 1_000 });
    expect((await simulator.poll(['TS1'])).cursor).toBe(newest);
  });
});

describe('a late message', () => {
  it('has its own, older time, so a client that does not look back misses it', async () => {
    await simulator.say('TS1', 'late', { visible_in_ms: 1_500 });
    const before = await simulator.poll(['TS1']);
    simulator.clock.advance(1_500);
    const straight = await simulator.poll(['TS1'], { cursor: before.cursor });
    const lookingBack = await simulator.poll(['TS1'], { cursor: String(Number(before.cursor) - 2_000) });
    expect([before.contents, straight.contents, lookingBack.contents]).toEqual([[], [], ['TS1: late']]);
    expect(lookingBack.messages[0]?.create_time).toBe('2026-01-15 20:00:00');
  });

  it('is delayed at random between two bounds', async () => {
    await quirks({ visibility_delay_ms: [100, 900], seed: 7 });
    await simulator.control('POST', 'messages', { case_id: 'TS1', content: '{n}', count: 50 });
    const { messages } = await simulator.control<{ messages: { time_ms: number; visible_at: number }[] }>(
      'GET',
      'ledger?case_id=TS1',
    );
    const delays = messages.map(({ time_ms, visible_at }) => visible_at - time_ms);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(100);
    expect(Math.max(...delays)).toBeLessThanOrEqual(900);
    expect(new Set(delays).size).toBeGreaterThan(10);
  });
});
