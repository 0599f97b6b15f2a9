import { RunningSimulator } from '../../test/running-simulator.js';

let simulator: RunningSimulator;
beforeEach(async () => void (simulator = await RunningSimulator.start({ SIMULATOR_QUIRKS: '{"null_fields":true}' })));
afterEach(() => simulator.close());

const problems = async (path: string, body: unknown, method = 'POST'): Promise<string[]> => {
  const response = await simulator.fetchControl(method, path, body);
  expect(response.status).toBe(400);
  return ((await response.json()) as { problems: string[] }).problems;
};

describe('POST /control/messages', () => {
  it('posts equal copies, or numbered ones', async () => {
    const twins = { case_id: 'TS1', content: 'same', count: 2 };
    const numbered = { case_id: 'TS2', content: 'no. {n}', count: 3 };
    expect(await simulator.control('POST', 'messages', [twins, numbered])).toEqual({
      posted: 5,
      seqs: [1, 2, 3, 4, 5],
    });
    expect((await simulator.poll(['TS1', 'TS2'])).contents).toEqual([
      'TS1: same',
      'TS1: same',
      'TS2: no. 1',
      'TS2: no. 2',
      'TS2: no. 3',
    ]);
  });

  it('names everything that is wrong, and posts nothing', async () => {
    const orders = [
      { case_id: 'TS1', content: 'ok' },
      { content: 7, time_ms: 12 },
      { case_id: '', content: '', extra: '[' },
    ];
    expect(await problems('messages', orders)).toEqual([
      '[1].case_id is missing: a string of 1 to 64 characters',
      '[1].content must be a string of 0 to 400 characters',
      expect.stringContaining('[1].time_ms must be an integer'),
      '[2].case_id must be a string of 1 to 64 characters',
      '[2].extra must be the text of a JSON object',
    ]);
    expect(await simulator.control('GET', 'ledger')).toEqual({ messages: [] });
  });
});

describe('GET /control/ledger', () => {
  it('lists messages in the order in which they become visible', async () => {
    const now = simulator.clock.now();
    await simulator.say('TS1', 'late', { visible_in_ms: 500 });
    await simulator.say('TS1', 'old', { time_ms: now - 1_000 });
    await simulator.say('TS1', 'night', { group_id: 'g' });
    await simulator.say('TS2', 'other');
    const old = { seq: 2, case_id: 'TS1', content: 'old', time_ms: now - 1_000, visible_at: now, shown_at: null };
    const night = {
      seq: 3,
      case_id: 'TS1',
      group_id: 'g',
      content: 'night',
      time_ms: now,
      visible_at: now,
      shown_at: null,
    };
    const late = { seq: 1, case_id: 'TS1', content: 'late', time_ms: now, visible_at: now + 500, shown_at: null };
    expect(await simulator.control('GET', 'ledger?case_id=TS1')).toEqual({ messages: [old, night, late] });
    expect(await simulator.control('GET', 'ledger?case_id=TS1&group_id=g')).toEqual({ messages: [night] });
  });

  it('has the time at which an answer first showed a message', async () => {
    await simulator.say('TS1', 'soon', { visible_in_ms: 500 });
    const shown = async () => (await simulator.control<{ messages: object[] }>('GET', 'ledger')).messages;
    await simulator.poll(['TS1']);
    expect(await shown()).toMatchObject([{ shown_at: null }]);
    simulator.clock.advance(700);
    const first = simulator.clock.exact();
    await simulator.poll(['TS1']);
    simulator.clock.advance(700);
    await simulator.poll(['TS1']);
    expect(await shown()).toMatchObject([{ shown_at: first }]);
  });
});

describe('PUT /control/quirks', () => {
  it('changes the members that it names, and no others', async () => {
    const before = await simulator.control<object>('GET', 'quirks');
    const after = await simulator.control('PUT', 'quirks', { latency_ms: [0, 1], cursor_form: 'opaque' });
    expect(after).toEqual({ ...before, latency_ms: [0, 1], cursor_form: 'opaque' });
  });

  it('has the older name oddities', async () => {
    await simulator.control('PUT', 'oddities', { seed: 7 });
    expect(await simulator.control('GET', 'quirks')).toEqual(await simulator.control('GET', 'oddities'));
    expect(await simulator.control('GET', 'quirks')).toMatchObject({ seed: 7 });
  });

  it('refuses unknown members and values', async () => {
    const wrong = { cursor_form: 'roman', latency_ms: [5, 1], cursorBound: 'inclusive' };
    expect(await problems('quirks', wrong, 'PUT')).toEqual([
      'cursorBound is not known here',
      'cursor_form must be one of string, number, number19, opaque',
      expect.stringContaining('latency_ms must be'),
    ]);
  });
});

describe('POST /control/status', () => {
  it('changes one ticket', async () => {
    await simulator.control('POST', 'status', { case_id: 'TS1', status: 0 });
    expect(JSON.parse((await simulator.poll(['TS1'])).text).imstatus[0]).toEqual({ status: 0, incident_id: 'TS1' });
    expect(await problems('status', { case_id: 'TS1', status: 2 })).toEqual(['status must be one of 0, 1']);
  });
});

describe('POST /control/reset', () => {
  it('restores the start: no messages, no faults, the quirks of the settings', async () => {
    await simulator.say('TS1', 'hello');
    await simulator.control('POST', 'status', { case_id: 'TS1', status: 0 });
    await simulator.control('POST', 'faults', { kind: 'html' });
    await simulator.control('PUT', 'quirks', { null_fields: false, order: 'newest_first' });
    await simulator.poll(['TS1']).catch(() => undefined);
    await simulator.control('POST', 'reset');
    expect(await simulator.control('GET', 'quirks')).toMatchObject({ null_fields: true, order: 'oldest_first' });
    expect(await simulator.control('GET', 'counters')).toMatchObject({ requests: 0 });
    const { status, text } = await simulator.poll(['TS1']);
    expect(status).toBe(200);
    expect(text).toContain('{"status":1,"incident_id":"TS1"}');
    expect(text).toContain('"immsg":null');
  });
});

describe('health', () => {
  it.each(['live', 'ready'])('is %s', async (probe) => {
    const response = await fetch(`${simulator.origin}/health/${probe}`);
    expect(await response.json()).toEqual({ status: 'ok' });
  });
});
