import { SampledLines, type Line } from './sampled-lines.js';

const SPAN_MS = 60_000;

describe('SampledLines', () => {
  const written: unknown[][] = [];
  const write = (...line: unknown[]) => void written.push(line);
  const logger = { info: write, warn: write, error: write } as unknown as ConstructorParameters<typeof SampledLines>[0];
  const line = (reason: string): Line => ({ level: 'warn', fields: { reason }, text: 'refused' });
  let lines: SampledLines;

  beforeEach(() => {
    jest.useFakeTimers({ now: 0 });
    written.length = 0;
    lines = new SampledLines(logger, SPAN_MS);
  });
  afterEach(() => jest.useRealTimers());

  it('write the first line of a key at once, and the others as one with their number', () => {
    lines.say('a', line('first'));
    lines.say('b', line('of another key'));
    expect(written).toEqual([
      [{ reason: 'first' }, 'refused'],
      [{ reason: 'of another key' }, 'refused'],
    ]);
    for (let at = 1; at <= 1000; at += 1) {
      lines.say('a', line(`number ${at}`));
    }
    jest.advanceTimersByTime(SPAN_MS - 1);
    expect(written).toHaveLength(2);
    jest.advanceTimersByTime(1);
    expect(written.slice(2)).toEqual([[{ reason: 'number 1000', times: 1000, since: new Date(0) }, 'refused']]);
  });

  it('write one line in each span while it goes on, and at once again after a span without any', () => {
    const endsAt = 10 * SPAN_MS;
    for (let at = 0; at < endsAt; at += 1000) {
      lines.say('a', line('again'));
      jest.advanceTimersByTime(1000);
    }
    expect(written).toHaveLength(11);
    jest.advanceTimersByTime(2 * SPAN_MS);
    lines.say('a', line('later'));
    expect(written.at(-1)).toEqual([{ reason: 'later' }, 'refused']);
    expect(written).toHaveLength(12);
  });

  it('forget the oldest key for one more, and leave out no line by that', () => {
    for (let at = 0; at < 1000; at += 1) {
      lines.say(`key ${at}`, line('one of many'));
      lines.say(`key ${at}`, line('one of many'));
    }
    expect(written).toHaveLength(1000);
    jest.advanceTimersByTime(SPAN_MS);
    expect(written).toHaveLength(2000);
  });
});
