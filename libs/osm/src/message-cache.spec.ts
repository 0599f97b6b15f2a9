import fc from 'fast-check';

import { jsonText } from '#core';
import { MessageCache } from './message-cache.js';
import { messageSpans } from './message-spans.js';
import { readAnswer } from './osm.answer.js';

const headers = { 'content-type': 'application/json' };
const CONTEXT = { knownDigest: null, offsetMinutes: 480, now: 0 };

/** What is read of an answer, or how it is refused. */
function read(text: string, cache?: MessageCache): unknown {
  try {
    const body = Buffer.from(text);
    return readAnswer({ status: 200, headers, body }, { ...CONTEXT, ...(cache && { cache }) });
  } catch (error) {
    return error instanceof Error ? error.message : error;
  }
}

const texts = fc.oneof(
  fc.string(),
  fc.constantFrom('"', '\\', '\\"', '{', '}', '[', ']', ',', '"message_list":[', 'a"b\\"c', '\u2028', '中文'),
);
const values: fc.Arbitrary<unknown> = fc.oneof(
  texts,
  fc.integer(),
  fc.double({ noNaN: true }),
  fc.boolean(),
  fc.constant(null),
);
const message = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      content: texts,
      replier: texts,
      type: fc.integer(),
      create_time: fc.constantFrom('2026-06-15 12:00:00', ''),
      more: fc.oneof(values, fc.array(values), fc.dictionary(texts, values)),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, {}, 'text', 7, []) },
);
const entry = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      incident_id: fc.constantFrom('a', 'b'),
      message_list: fc.array(message, { maxLength: 5 }),
      other: values,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(
      null,
      {},
      { message_list: null },
      { incident_id: 'a', message_list: 'text' },
      'text',
    ),
  },
);
const answers = fc.record({
  first: values,
  immsg: fc.oneof({ weight: 8, arbitrary: fc.array(entry, { maxLength: 4 }) }, { weight: 1, arbitrary: values }),
  imstatus: fc.constant([{ incident_id: 'a', status: 1 }]),
  last_message_time_id: fc.constantFrom<unknown>('1781524870803', 1781524870803, null),
});

describe('an answer whose messages are cached', () => {
  it('is read as without a cache: known or not, whatever messages contain', () => {
    const cache = new MessageCache();
    fc.assert(
      fc.property(answers, fc.constantFrom('', ' ', 2), (answer, space) => {
        const text = JSON.stringify(answer, null, space);
        const plain = read(text);
        expect(read(text, cache)).toEqual(plain);
        expect(read(text, cache)).toEqual(plain);
      }),
      { numRuns: 300 },
    );
  });

  it('is read as without a cache where it is cut off, or has something wrong in it', () => {
    const cache = new MessageCache();
    fc.assert(
      fc.property(answers, fc.nat(), fc.constantFrom('', '"', '}', ']', ',', '\\', 'x', '1'), (answer, at, put) => {
        const whole = JSON.stringify(answer);
        read(whole, cache);
        const cut = at % (whole.length + 1);
        for (const text of [whole.slice(0, cut), `${whole.slice(0, cut)}${put}${whole.slice(cut + 1)}`]) {
          const [plain, cached] = [read(text), read(text, cache)];
          // Both refuse it, but they may find another fault first.
          expect(typeof cached === 'string' ? 'refused' : cached).toEqual(
            typeof plain === 'string' ? 'refused' : plain,
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  it('gives the same object for the same text, so that its names are computed once', () => {
    const cache = new MessageCache();
    const answerWith = (...contents: string[]) => ({
      immsg: [
        {
          incident_id: 'a',
          message_list: contents.map((content) => ({ content, n: 1.1, create_time: '2026-06-15 12:00:00' })),
        },
      ],
      last_message_time_id: '1',
    });
    const messagesOf = (...contents: string[]) => {
      const answer = read(JSON.stringify(answerWith(...contents)), cache) as {
        content: { lists: { messages: object[] }[] };
      };
      return answer.content.lists[0]?.messages ?? [];
    };
    const [first, second] = messagesOf('x', 'y');
    const again = messagesOf('y', 'z');
    expect(again[0]).toBe(second);
    expect(again[1]).not.toBe(first);
  });

  it('keeps a bounded number of messages, and none that is long', () => {
    const cache = new MessageCache();
    let parsed = 0;
    const parse = (text: string) => {
      parsed += 1;
      return { message: { text: jsonText(text) }, sentAt: null };
    };
    for (let at = 0; at <= 5000; at += 1) cache.read(`${at}`, parse);
    cache.read('5000', parse);
    expect(parsed).toBe(5001);
    cache.read('0', parse);
    expect(parsed).toBe(5002);
    const long = 'x'.repeat(2001);
    cache.read(long, parse);
    cache.read(long, parse);
    expect(parsed).toBe(5004);
  });

  it.each([
    '{"immsg":[],"immsg":[]}',
    '{"\\u0069mmsg":[]}',
    '{"immsg":[{"message_list":[],"message_list":[]}]}',
    '[',
    'x',
    '',
  ])('is parsed as a whole where it is unusual: %s', (text) => expect(messageSpans(text)).toBeNull());
});
