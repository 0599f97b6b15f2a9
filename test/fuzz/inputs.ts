import type { SeededRandom } from '../harness/seeded-random.js';

/** Texts that programs have taken for something else. */
export const ODD_TEXTS = [
  '',
  '\0',
  '\r\n',
  '\n\n',
  '\r\nX-Injected: yes\r\n\r\n',
  'event: closing\ndata: {}\n\n',
  '\u2028\u2029\u0085\ufeff',
  'é𝄞👩‍👩‍👧‍👦',
  '\ud800',
  '\u202e\u200f',
  '../../../../etc/passwd',
  '..%2f..%2f',
  '%00',
  '%0d%0aX: y',
  '%E0%A4%A',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '*',
  'fuzz-*',
  'a,b',
  '{}:',
  '-1',
  '1e999',
  'NaN',
  'null',
  'x'.repeat(65),
  'x'.repeat(5000),
] as const;

/** Bytes that mean something to a parser of HTTP, of WebSocket frames or of JSON. */
const ODD_BYTES = [
  '\0',
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  ' ',
  '\t',
  '\x7f',
  '\x80',
  '\xff\xfe',
  ':',
  '%',
  '%00',
  '%2e%2e%2f',
  '../',
  '//',
  '?',
  '&case_ids=',
  '&case_ids[]=x',
  '&__proto__=x',
  '&sid=__proto__',
  '"',
  '{',
  '[[[[',
  'Host: b\r\n',
  'Content-Length: 5\r\n',
  'Content-Length: -1\r\n',
  'Content-Length: 99999999999999999999\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: gzip, chunked\r\n',
  'Connection: close, upgrade\r\n',
  'Upgrade: h2c\r\n',
  'Expect: 100-continue\r\n',
  'Expect: odd\r\n',
  '__proto__: x\r\n',
  'Origin: null\r\n',
  'Cookie: pollcast_token=\r\n',
  'HTTP/1.1',
  'HTTP/0.9',
  'HTTP/2.0',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
] as const;

/** The same bytes with a few of them changed, doubled, cut out, or joined by odd ones. */
export function mutated(random: SeededRandom, bytes: Buffer, most = 6): Buffer {
  let result = bytes;
  for (let left = random.integer(1, most); left > 0; left -= 1) {
    const at = random.integer(0, result.length);
    const end = Math.min(result.length, at + random.integer(1, 24));
    const [before, piece, after] = [result.subarray(0, at), result.subarray(at, end), result.subarray(end)];
    const odd = () => Buffer.from(random.pick(ODD_BYTES), 'latin1');
    const changed = random.pick([
      () => [before, odd(), piece, after],
      () => [before, odd(), after],
      () => [before, after],
      () => [before, piece, piece, after],
      () => [before, Buffer.from(piece.map((byte) => byte ^ (1 << random.integer(0, 7)))), after],
      () => [before, Buffer.alloc(random.integer(1, 300), random.integer(0, 255)), piece, after],
      () => [before, piece],
    ]);
    result = Buffer.concat(changed());
  }
  return result;
}

/** Lone surrogates are replaced, which `encodeURIComponent` throws at. */
export const wellFormed = (text: string) => Buffer.from(text).toString();

/** JSON with this many levels. @param isClosed false for a text that ends in the middle */
export function deepJson(levels: number, isClosed: boolean, open = '['): string {
  const close = open === '[' ? ']' : '}';
  const last = open === '[' ? '' : '1';
  return `${open.repeat(levels)}${last}${isClosed ? close.repeat(levels) : ''}`;
}
