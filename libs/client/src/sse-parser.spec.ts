import fc from 'fast-check';

import { SseParser } from './sse-parser.js';

function parse(...pieces: readonly string[]): string[][] {
  const events: string[][] = [];
  const parser = new SseParser((name, data) => events.push([name, data]));
  pieces.forEach((piece) => parser.push(piece));
  return events;
}

describe('the parser of event streams', () => {
  it.each([
    ['lines of data as one text', 'data: a\ndata: b\n\n', [['message', 'a\nb']]],
    ['the name of an event', 'event: ready\ndata: {}\n\n', [['ready', '{}']]],
    ['a name for its own event only', 'event: ready\n\ndata: x\n\n', [['message', 'x']]],
    ['one space after the colon as none', 'data:  x\ndata:y\n\n', [['message', ' x\ny']]],
    ['comments, ids and unknown fields as nothing', ': beat\nid: 7\nfoo: bar\ndata: x\n\n', [['message', 'x']]],
    ['an event without data as none', 'event: ready\nid: 7\n\n', []],
    ['a line without a colon as a field without a value', 'data\n\n', [['message', '']]],
    ['the end of the stream inside an event as no event', 'data: x\n', []],
  ])('takes %s', (_, text, events) => {
    expect(parse(text)).toEqual(events);
  });

  it('takes a CR and its LF as one line end, also in two pieces, and the next LF as another one', () => {
    expect(parse('data: x\r', '\n', '\n')).toEqual([['message', 'x']]);
    expect(parse('data: x\r', '\n', 'data: y\n', '\n')).toEqual([['message', 'x\ny']]);
  });

  it('does not care which line ends a server uses, and where the network cuts', () => {
    const lineEnd = fc.constantFrom('\n', '\r', '\r\n');
    const text = 'event: message\ndata: one\n\n: beat\n\ndata: two\ndata: three\n\n';
    const events = [
      ['message', 'one'],
      ['message', 'two\nthree'],
    ];
    fc.assert(
      fc.property(lineEnd, fc.array(fc.nat(80), { maxLength: 20 }), (end, cuts) => {
        const whole = text.replaceAll('\n', end);
        const at = [0, ...cuts.sort((one, other) => one - other), whole.length];
        const pieces = at.slice(1).map((cut, index) => whole.slice(at[index], cut));
        // A last CR may be the half of a CRLF, and ends the line all the same.
        expect(parse(...pieces)).toEqual(events);
      }),
      { numRuns: Number(process.env['FC_RUNS'] ?? 300) },
    );
  });
});
