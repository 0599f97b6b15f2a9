import { errorFields, withErrorFields } from './error-fields.js';

const SECRET = 'confidential';

/** What a library may hang on an error. */
function carrying<E extends Error>(error: E, more: object): E {
  return Object.assign(error, more);
}

describe('what is logged of an error', () => {
  it('is its type, its message, its frames and where it happened', () => {
    const error = carrying(new TypeError('connect ECONNREFUSED 127.0.0.1:6379'), {
      code: 'ECONNREFUSED',
      syscall: 'connect',
      address: '127.0.0.1',
      port: 6379,
    });
    const { stack, ...fields } = errorFields(error);
    expect(fields).toEqual({
      type: 'TypeError',
      message: 'connect ECONNREFUSED 127.0.0.1:6379',
      code: 'ECONNREFUSED',
      syscall: 'connect',
      address: '127.0.0.1',
      port: 6379,
    });
    expect(stack).toMatch(/^ +at .+error-fields\.spec\.ts/);
  });

  it('is cut where it is long: each field at 100 characters, the message at 500', () => {
    const fields = errorFields(carrying(new Error('m'.repeat(600)), { code: 'c'.repeat(200), status: 503, host: {} }));
    expect(fields).toMatchObject({ message: 'm'.repeat(500), code: 'c'.repeat(100), status: 503 });
    expect(fields['host']).toBeUndefined();
  });

  it.each<[string, Error]>([
    ['the arguments of a command', carrying(new Error('OOM'), { command: { name: 'evalsha', args: [SECRET] } })],
    ['the input of a parser', carrying(new TypeError('Invalid URL'), { input: SECRET, code: 'ERR_INVALID_URL' })],
    ['a request with its headers', carrying(new Error('no answer'), { config: { headers: { 'X-Other': SECRET } } })],
    ['commands that failed in a pipeline', carrying(new Error('EXECABORT'), { previousErrors: [new Error(SECRET)] })],
    [
      'a getter that throws nothing but tells',
      Object.defineProperty(new Error('x'), 'body', { enumerable: true, get: () => SECRET }),
    ],
    ['an argument that Redis quotes', new Error(`ERR unknown command 'X', with args beginning with: '${SECRET}' `)],
    [
      'several lines that Redis quotes',
      new Error(`ERR unknown command 'X', with args beginning with: 'a\n${SECRET}' `),
    ],
    ['the cause', new Error('failed', { cause: carrying(new Error('why'), { command: { args: [SECRET] } }) })],
    ['one of several', new AggregateError([carrying(new Error('why'), { command: { args: [SECRET] } })], 'all failed')],
    ['a cause that is no error', new Error('failed', { cause: SECRET })],
  ])('is not %s', (_, error) => {
    expect(JSON.stringify(withErrorFields({ err: error, part: 'redis' }))).not.toContain(SECRET);
  });

  it.each([
    `{"a":${SECRET}}`,
    `${SECRET} and more that is longer than V8 quotes, on both sides of it`,
    `["${SECRET}`,
    `"\n${SECRET}"`,
  ])('is not the text that is no JSON: %j', (text) => {
    const failed = thrownBy(() => JSON.parse(text));
    expect(JSON.stringify(errorFields(failed))).not.toContain(SECRET.slice(0, 5));
    expect(errorFields(failed)).toMatchObject({
      type: 'SyntaxError',
      message: expect.stringContaining('JSON') as string,
    });
  });

  it.each([[SECRET], [{ secret: SECRET }], [null], [undefined]])(
    'is the type alone of what is no Error: %j',
    (thrown) => {
      expect(withErrorFields({ err: thrown })).toEqual({
        err: { type: thrown === null ? 'null' : typeof thrown, message: 'what was thrown is not an Error' },
      });
    },
  );

  it('ends, however long the message, the list or the chain of causes is', () => {
    const circular = new Error('circular');
    circular.cause = circular;
    const many = new AggregateError(
      Array.from({ length: 1000 }, () => new Error('one')),
      'x'.repeat(100_000),
    );
    expect(JSON.stringify(errorFields(circular)).split('"circular"').length).toBe(6);
    expect(errorFields(many).message).toHaveLength(500);
    expect(errorFields(many).errors).toHaveLength(5);
  });

  it('names the command that failed', () => {
    const error = carrying(new Error('OOM'), { command: { name: 'evalsha', args: [SECRET] } });
    expect(errorFields(error)).toMatchObject({ command: 'evalsha' });
  });
});

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
