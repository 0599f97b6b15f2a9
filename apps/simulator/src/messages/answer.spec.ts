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
