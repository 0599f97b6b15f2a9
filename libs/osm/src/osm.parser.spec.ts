import fc from 'fast-check';
import { jsonText, type JsonValue, type PollAnswer } from '#core';
import { readAnswer } from './osm.answer.js';

const OFFSET_MINUTES = 480;

function read(text: string, knownDigest: string | null = null): PollAnswer {
  const headers = { 'content-type': 'application/json;charset=UTF-8' };
  const context = { knownDigest, offsetMinutes: OFFSET_MINUTES, now: 0 };
  return readAnswer({ status: 200, headers, body: Buffer.from(text) }, context);
}

function content(text: string) {
  const answer = read(text);
  if (answer.kind !== 'content') {
    throw new Error('unchanged');
  }
  return answer;
}

const withMessage = (message: string, cursor = '1') =>
  `{"imstatus":null,"immsg":[{"incident_id":"CS1","message_list":[${message}]}],"last_message_time_id":${cursor}}`;

/** JSON texts of any shape, with numbers in every form that JSON allows. */
const jsonNumber = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.oneof(fc.constant('0'), fc.stringMatching(/^[1-9]\d{0,24}$/)),
    fc.oneof(fc.constant(''), fc.stringMatching(/^\.\d{1,8}$/)),
    fc.oneof(fc.constant(''), fc.stringMatching(/^[eE][+-]?\d{1,3}$/)),
  )
  .map((parts) => parts.join(''));
const jsonString = fc
  .oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constant('__proto__'))
  .map((s) => JSON.stringify(s));
const { json } = fc.letrec<{ json: string; object: string }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    jsonNumber,
    jsonString,
    fc.constantFrom('null', 'true', 'false'),
    fc.array(tie('json'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
    tie('object'),
  ),
  object: fc
    .uniqueArray(fc.tuple(jsonString.filter(isNoIndex), tie('json')), {
      maxLength: 4,
      selector: ([key]) => JSON.parse(key),
    })
    .map((members) => `{${members.map(([key, value]) => `${key}:${value}`).join(',')}}`),
}));

/**
 * JavaScript objects list keys such as "7" first, whatever their order in the text. In JSON the order has no meaning.
 */
function isNoIndex(key: string): boolean {
  return !/^"\d+"$/.test(key);
}

describe('messages', () => {
  it('are passed on unchanged, byte for byte', () => {
    fc.assert(
      fc.property(json, (value) => {
        const message = `{"create_time":"2020-07-09 00:00:00","extra":${value}}`;
        const { lists } = content(withMessage(message)).content;
        expect(lists).toHaveLength(1);
        const [only] = lists[0]?.messages ?? [];
        expect(only && jsonText(only.message)).toBe(message);
        expect(only?.sentAt).toBe(Date.parse('2020-07-08T16:00:00Z'));
      }),
      { numRuns: 1000 },
    );
  });

  it('keep numbers that JavaScript would change, and keys with a special meaning in JavaScript', () => {
    const message = '{"a":1.10,"b":12345678901234567890,"c":-0,"d":[1E2,{"__proto__":{"e":1.0}}],"__proto__":7}';
    const [only] = content(withMessage(message)).content.lists[0]?.messages ?? [];
    expect(only && jsonText(only.message as JsonValue)).toBe(message);
  });
});

describe('cursor', () => {
  it.each([
    ['1594224000000', '1594224000000'],
    ['12345678901234567890123', '12345678901234567890123'],
    ['"1594224000000"', '1594224000000'],
    [' "opaque/+=" ', 'opaque/+='],
    ['"with \\"escapes\\""', 'with "escapes"'],
    ['"游标"', '游标'],
    ['null', null],
    ['""', null],
  ])('%s is read as %j', (literal, cursor) => expect(content(withMessage('{}', literal)).cursor).toBe(cursor));

  it('keeps its digits, however many', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[1-9]\d{0,63}$/), (digits) => {
        expect(content(withMessage('{"n":1.5}', digits)).cursor).toBe(digits);
        expect(content(withMessage('{}', `"${digits}"`)).cursor).toBe(digits);
      }),
    );
  });

  it.each(['{}', '{"n":1.5}'])('is malformed beyond the 64 characters that are documented, beside %s', (message) => {
    const longest = '9'.repeat(64);
    for (const literal of [longest, `"${longest}"`]) {
      expect(content(withMessage(message, literal)).cursor).toBe(longest);
    }
    for (const literal of [`${longest}9`, `"${longest}9"`, `"${longest}\\n"`, `"${'9'.repeat(300)}"`]) {
      expect(() => read(withMessage(message, literal))).toThrow(
        'last_message_time_id is not a cursor of at most 64 characters',
      );
    }
  });

  it('is malformed beyond 64 characters where nothing else has changed, too', () => {
    const known = content(withMessage('{}')).digest;
    expect(() => read(withMessage('{}', '9'.repeat(65)), known)).toThrow('at most 64 characters');
  });

  it('may be missing', () => expect(content('{"immsg":[]}')).toMatchObject({ cursor: null, content: { lists: [] } }));

  it('is the one at the top level, also if a message has a field of that name', () => {
    const nested = '{"last_message_time_id":7}';
    expect(content(withMessage(nested, '8')).cursor).toBe('8');
    expect(content(`{"immsg":[{"incident_id":"CS1","message_list":[${nested}]}]}`).cursor).toBeNull();
  });

  it.each(['""', 'null'])('is absent if it is %s, also if the full parser reads it', (literal) => {
    const nested = '{"last_message_time_id":7}';
    expect(content(withMessage(nested, literal)).cursor).toBeNull();
    expect(content(withMessage('{"n":1.5}', literal)).cursor).toBeNull();
  });

  it('is never taken from the content of a message', () => {
    const written = JSON.stringify({ content: '"last_message_time_id":5,' });
    expect(content(withMessage(written, '8')).cursor).toBe('8');
    expect(content(`{"immsg":[{"incident_id":"CS1","message_list":[${written}]}]}`).cursor).toBeNull();
  });

  it.each(['true', '{}', '[1]'])('is malformed as %s', (literal) =>
    expect(() => read(withMessage('{}', literal))).toThrow('last_message_time_id is not a number or a text'),
  );
});

describe('answers with known contents', () => {
  const digestOf = (text: string) => content(text).digest;

  it('are unchanged whatever their cursor', () => {
    const known = digestOf(withMessage('{"content":"hello"}', '1'));
    for (const [literal, cursor] of [
      ['22222222222222222222', '22222222222222222222'],
      ['"x"', 'x'],
      ['null', null],
      ['""', null],
    ] as const) {
      expect(read(withMessage('{"content":"hello"}', literal), known)).toEqual({ kind: 'unchanged', cursor });
    }
  });

  it('are never taken for other answers', () => {
    const known = digestOf(withMessage('{"content":"hello"}', '1'));
    expect(read(withMessage('{"content":"hallo"}', '1'), known).kind).toBe('content');
    expect(read(`${withMessage('{"content":"hello"}', '1')} `, known).kind).toBe('content');
  });

  it('are not recognised if the cursor is nested: a change of it would be news', () => {
    const nested = (cursor: number) =>
      `{"immsg":[{"incident_id":"CS1","message_list":[{"last_message_time_id":${cursor}}]}]}`;
    expect(read(nested(2), digestOf(nested(1))).kind).toBe('content');
  });
});

describe('empty fields', () => {
  it.each([
    '{}',
    '{"immsg":null,"imstatus":null,"last_message_time_id":null}',
    '{"immsg":[null,{"incident_id":null,"message_list":[{}]},{"incident_id":"CS1","message_list":null},{"incident_id":"CS1"}]}',
    '{"immsg":[{"incident_id":"CS1","message_list":[null]}]}',
    '{"imstatus":[null,{},{"status":null,"incident_id":"CS1"},{"status":1,"incident_id":null}]}',
  ])('%s', (text) => expect(content(text).content).toEqual({ lists: [], statuses: [] }));

  it('have no effect on the other fields', () => {
    const text = '{"imstatus":[{"status":null},{"status":1,"incident_id":"CS1"}],"immsg":[null]}';
    expect(content(text).content.statuses).toEqual([{ caseId: 'CS1', status: 1 }]);
  });
});

describe('an unreadable answer', () => {
  it.each([
    ['[]', 'the answer is not an object'],
    ['null', 'the answer is not an object'],
    ['7', 'the answer is not an object'],
    ['', 'the answer is not JSON (0 characters)'],
    ['{"immsg":[', 'the answer is not JSON (10 characters)'],
    ['{"n":1.5,"secret":hunter2}', 'the answer is not JSON (26 characters)'],
    ['{"immsg":"hunter2"}', 'immsg is not a list'],
    ['{"immsg":["hunter2"]}', 'immsg[0] is not an object'],
    ['{"immsg":[{"incident_id":7}]}', 'immsg[0].incident_id is not a text'],
    ['{"immsg":[{"message_list":{}}]}', 'immsg[0].message_list is not a list'],
    ['{"immsg":[{"message_list":[{},"hunter2"]}]}', 'immsg[0].message_list[1] is not an object'],
    ['{"immsg":[{"message_list":[1.10]}]}', 'immsg[0].message_list[0] is not an object'],
    ['{"imstatus":{}}', 'imstatus is not a list'],
    ['{"imstatus":[{"status":"1"}]}', 'imstatus[0].status is not a whole number'],
    ['{"imstatus":[{"status":1.5}]}', 'imstatus[0].status is not a whole number'],
  ])('%s', (text, message) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'malformed', message }));
  });

  it('is not one that is nested deeply: its messages are delivered', () => {
    const nested = `{"deep":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    const [message] = content(withMessage(nested)).content.lists[0]?.messages ?? [];
    expect(message && jsonText(message.message) === nested).toBe(true);
  });

  it('is one that is nested deeply and has numbers that JavaScript would change: their parser recurses', () => {
    const nested = `{"n":1.10,"deep":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect(() => read(withMessage(nested))).toThrow(expect.objectContaining({ code: 'malformed' }));
  });
});
