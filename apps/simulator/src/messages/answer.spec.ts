import { RunningSimulator } from '../../test/running-simulator.js';

let simulator: RunningSimulator;
beforeEach(async () => void (simulator = await RunningSimulator.start()));
afterEach(() => simulator.close());

const quirks = (patch: object): Promise<unknown> => simulator.control('PUT', 'quirks', patch);
const COUNT = 12;

describe('the order of messages', () => {
  beforeEach(async () => {
    for (let n = 0; n < COUNT; n += 1) {
      await simulator.say('TS1', `${n}`);
      simulator.clock.advance(1_000);
    }
  });

  const numbers = async (): Promise<number[]> =>
    (await simulator.poll(['TS1'])).messages.map(({ content }) => Number(content));
  const ascending = Array.from({ length: COUNT }, (_, n) => n);

  it('is the order of their times, whichever was posted first', async () => {
    await simulator.say('TS1', '-1', { time_ms: simulator.clock.now() - 3_600_000 });
    expect(await numbers()).toEqual([-1, ...ascending]);
  });

  it('can be newest first', async () => {
    await quirks({ order: 'newest_first' });
    expect(await numbers()).toEqual(ascending.toReversed());
  });

  it('can be shuffled, the same way for the same seed', async () => {
    await quirks({ order: 'shuffled', seed: 3 });
    const shuffled = await numbers();
    expect(shuffled).not.toEqual(ascending);
    expect([...shuffled].sort((a, b) => a - b)).toEqual(ascending);
    expect(await numbers()).toEqual(shuffled);
    await quirks({ seed: 4 });
    expect(await numbers()).not.toEqual(shuffled);
  });
});

describe('null fields', () => {
  beforeEach(() => quirks({ null_fields: true }));

  it('appear on every level, and hide no message', async () => {
    await simulator.say('TS1', 'one');
    const { text, contents } = await simulator.poll(['TS1', 'TS2']);
    const { imstatus, immsg } = JSON.parse(text);
    expect(imstatus).toEqual([
      { status: 1, incident_id: 'TS1' },
      { status: 1, incident_id: 'TS2' },
      null,
      { status: null, incident_id: null },
    ]);
    expect(immsg).toEqual([
      { incident_id: 'TS2', message_list: null },
      { incident_id: 'TS1', message_list: [expect.objectContaining({ content: 'one', accessory_list: null }), null] },
      null,
      { incident_id: null, message_list: null },
    ]);
    expect(contents).toEqual(['TS1: one']);
  });

  it('replace whole arrays too', async () => {
    const answers = [await simulator.poll(['TS1']), await simulator.poll(['TS1'])].map(({ text }) => JSON.parse(text));
    expect(answers.map(({ immsg }) => immsg)).toEqual([null, null]);
    expect(answers.map(({ imstatus }) => imstatus === null)).toEqual([false, true]);
  });

  it('do not replace attachments', async () => {
    const accessory = { accessory_id: 'a1', file_actual_name: 'log.txt' };
    await simulator.say('TS1', 'see', { accessory_list: [accessory] });
    expect((await simulator.poll(['TS1'])).messages[0]?.accessory_list).toEqual([accessory]);
  });
});

describe('extra fields', () => {
  it('appear on every level, with numbers that JSON.parse would change', async () => {
    await quirks({ extra_fields: true });
    await simulator.say('TS1', 'one');
    const { text, messages } = await simulator.poll(['TS1']);
    const { imstatus, immsg, ...top } = JSON.parse(text);
    for (const level of [top, imstatus[0], immsg[0], messages[0]]) expect(level).toHaveProperty('trace_no');
    expect(messages[0]).toHaveProperty('rich.depth.level');
    expect(text.match(/"trace_no":9007199254740993,"score":1\.10/g)).toHaveLength(4);
  });

  it('of a posting are in the answer as they were written', async () => {
    await simulator.say('TS1', 'one', { extra: ' { "price": 1.10, "big": 9007199254740993 } ' });
    await simulator.say('TS1', 'two', { extra: '{}' });
    const { text, messages } = await simulator.poll(['TS1']);
    expect(text).toContain('"price": 1.10, "big": 9007199254740993}');
    expect(messages).toHaveLength(2);
  });
});

describe('the form of messages', () => {
  const documented = expect.objectContaining({ create_time: '2026-01-15 20:00:00', replier_name: 'Engineer 1' });
  const next = expect.objectContaining({ create_time: '2026-01-15T12:00:00.250Z', replier_display_name: 'Engineer 1' });
  const forms = async (polls: number): Promise<unknown[]> => {
    const found: unknown[] = [];
    for (let count = 0; count < polls; count += 1) found.push((await simulator.poll(['TS1'])).messages[0]);
    return found;
  };

  it('can be that of a next release: other fields, the same message', async () => {
    const accessory_list = ['a1', 'a2'].map((accessory_id) => ({ accessory_id, file_actual_name: 'log.txt' }));
    await simulator.say('TS1', ' one ', { accessory_list, extra: '{"price":1.10}' });
    await quirks({ message_form: 'next_release' });
    const { text, messages } = await simulator.poll(['TS1']);
    expect(text).toContain('"price":1.10}');
    expect(messages).toEqual([
      {
        channel: { kind: 'web', version: null },
        create_time: '2026-01-15T12:00:00.250Z',
        accessory_list: accessory_list.map((one) => ({ size: 0, ...one })).reverse(),
        replier_display_name: 'Engineer 1',
        type: 1,
        replier_type: 1,
        replier: 'engineer-1',
        content: 'one',
        is_first_message: 1,
        iam_user_type: 0,
        price: 1.1,
      },
    ]);
  });

  it('can alternate from answer to answer, as while the next release is rolled out', async () => {
    await simulator.say('TS1', 'one');
    expect(await forms(2)).toEqual([documented, documented]);
    await quirks({ message_form: 'alternating' });
    const [first, ...others] = await forms(4);
    expect([
      [documented, next, documented],
      [next, documented, next],
    ]).toContainEqual(others);
    expect(others[1]).toEqual(first);
  });
});
