import { SseParser } from './sse-parser.js';

/** One text for each call of the listener. */
function events(...chunks: Buffer[]): string[] {
  const told: string[] = [];
  const parser = new SseParser({
    event: (name, data, id) => told.push(`${name}|${data}|${id}`),
    position: () => undefined,
    comment: (text) => told.push(`#${text}`),
    retry: (ms) => told.push(`retry ${ms}`),
  });
  chunks.forEach((chunk) => parser.push(chunk));
  return told;
}

const STREAM = Buffer.from(
  '\uFEFFretry: 1500\r\n\r\n:hallo\rid: 7\revent: status\rdata: {"a":"é€😀"}\r\rid\ndata:one\ndata: two\n\n' +
    'retry: 1s\nid: a\0b\nunknown: x\ndata\n\nevent: lost\n\ndata: unfinished\n',
);
const TOLD = ['retry 1500', '#hallo', 'status|{"a":"é€😀"}|7', 'message|one\ntwo|', 'message||'];

describe('SseParser', () => {
  it('reads a stream by the rules', () => expect(events(STREAM)).toEqual(TOLD));

  it('reads it the same in two pieces, wherever it is cut', () => {
    for (let at = 1; at < STREAM.length; at += 1) {
      expect(events(STREAM.subarray(0, at), STREAM.subarray(at))).toEqual(TOLD);
    }
  });

  it('reads it the same byte by byte', () => {
    expect(events(...[...STREAM].map((byte) => Buffer.from([byte])))).toEqual(TOLD);
  });
});
