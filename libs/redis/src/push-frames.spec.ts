import { PushFrames } from './push-frames.js';

const message = (event: string, channel: string, text: string) =>
  `>3\r\n$${event.length}\r\n${event}\r\n$${Buffer.byteLength(channel)}\r\n${channel}\r\n$${Buffer.byteLength(text)}\r\n${text}\r\n`;

/** One of each kind of frame, as Redis writes them. */
const REST = [
  '+OK\r\n',
  '-ERR no such thing\r\n',
  ':42\r\n',
  '_\r\n',
  '#t\r\n',
  ',1.5\r\n',
  '(12345678901234567890\r\n',
  '$5\r\nhe\r\no\r\n',
  '$0\r\n\r\n',
  '$-1\r\n',
  '*-1\r\n',
  '*0\r\n',
  '=7\r\ntxt:yes\r\n',
  '!5\r\nERR x\r\n',
  '*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nt\r\n',
  '%2\r\n+proto\r\n:3\r\n$4\r\nmode\r\n*2\r\n:1\r\n~1\r\n+x\r\n',
  '|1\r\n+ttl\r\n:1\r\n+value\r\n',
  '>3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n',
  '>4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$1\r\nc\r\n$1\r\nt\r\n',
  '>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n',
];

describe('the frames of a subscribed connection', () => {
  /** What is found, in order: messages as lists, runs of everything else as one text. */
  function read(chunks: readonly Buffer[]): (string | readonly string[])[] {
    const found: (string | string[])[] = [];
    const frames = new PushFrames({
      message: (...heard) => void found.push(heard),
      rest: (bytes) => {
        const last = found.at(-1);
        const text = bytes.toString('latin1');
        if (typeof last === 'string') {
          found.splice(-1, 1, last + text);
        } else {
          found.push(text);
        }
      },
    });
    chunks.forEach((chunk) => frames.write(chunk));
    return found;
  }

  const TEXT = 'm e1 7 6 1000 - {"content":"ü 漢 \\r\\n $3"}\r\n>3\r\n';
  const bytes = Buffer.from(
    REST.map((rest) => rest + message('message', 'P:{én}:news:a', TEXT)).join('') + message('smessage', 'c', ''),
  );
  const all = [...REST.flatMap((rest) => [rest, ['message', 'P:{én}:news:a', TEXT]] as const), ['smessage', 'c', '']];

  it('give each message of a channel as two texts, and everything else as it came', () => {
    expect(read([bytes])).toEqual(all);
  });

  it('are the same wherever the bytes are divided', () => {
    const isRead = (chunks: readonly Buffer[]) => JSON.stringify(read(chunks)) === JSON.stringify(all);
    const places = [...bytes.keys()].slice(1);
    expect(places.filter((at) => !isRead([bytes.subarray(0, at), bytes.subarray(at)]))).toEqual([]);
    const inPiecesOf = (size: number) =>
      [...bytes.keys()].filter((at) => at % size === 0).map((at) => bytes.subarray(at, at + size));
    expect([1, 2, 3, 7, 64].filter((size) => !isRead(inPiecesOf(size)))).toEqual([]);
  });

  it('are put together once, however large they are and in how many pieces they come', () => {
    const text = 'x'.repeat(1_048_576);
    const large = Buffer.from(message('message', 'c', text) + message('message', 'd', 'y'));
    const pieces = Array.from({ length: large.length / 4096 + 1 }, (_, at) =>
      large.subarray(at * 4096, at * 4096 + 4096),
    );
    const concat = jest.spyOn(Buffer, 'concat');
    const found = read(pieces);
    const copied = concat.mock.results.reduce((sum, { value }) => sum + (value as Buffer).length, 0);
    concat.mockRestore();
    expect(found).toEqual([
      ['message', 'c', text],
      ['message', 'd', 'y'],
    ]);
    expect(copied).toBeLessThan(2 * large.length);
  });

  it('are left to somebody else from the first one on that is not understood', () => {
    const strange = `?3\r\n${message('message', 'c', 't')}`;
    expect(read([Buffer.from(`+OK\r\n${strange}`), Buffer.from(message('message', 'c', 'u'))])).toEqual([
      `+OK\r\n${strange}${message('message', 'c', 'u')}`,
    ]);
  });
});
