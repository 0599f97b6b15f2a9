import { type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { type RightAnswer, writeHead } from './right-answer.js';

/* Right answers that are sent in a wrong or unusual way. */

const HTML_TYPE = 'text/html;charset=utf-8';
/** A letter that is one byte in Latin-1. That byte alone is not valid UTF-8. */
const CHARSET_PROBE = '"charset_probe":"\u00e9"';
/** Small, so that writing stops soon after a client stops reading. */
const PADDING = Buffer.alloc(64 * 1024, 'x');

/** Announces the whole answer and sends half of it: an aborted transfer. */
export function truncate(res: ServerResponse, right: RightAnswer): void {
  const body = Buffer.from(right.body);
  writeHead(res, right, body.length);
  res.write(body.subarray(0, Math.ceil(body.length / 2)), () => res.destroy());
}

/** Sends half of the answer as if it were whole: valid HTTP with broken JSON. */
export function halve(res: ServerResponse, right: RightAnswer): void {
  const body = Buffer.from(right.body);
  const half = body.subarray(0, Math.ceil(body.length / 2));
  writeHead(res, right, half.length);
  res.end(half);
}

/** Declares UTF-8 and sends Latin-1. */
export function garble(res: ServerResponse, right: RightAnswer): void {
  const body = Buffer.from(withMember(right.body, CHARSET_PROBE), 'latin1');
  writeHead(res, right, body.length);
  res.end(body);
}

export function mislabel(res: ServerResponse, right: RightAnswer): void {
  const body = Buffer.from(right.body);
  writeHead(res, right, body.length, { 'Content-Type': HTML_TYPE });
  res.end(body);
}

export function compress(res: ServerResponse, right: RightAnswer): void {
  const body = gzipSync(right.body);
  writeHead(res, right, body.length, { 'Content-Encoding': 'gzip' });
  res.end(body);
}

/** Sends `chunkBytes` every `intervalMs`, and stops when the client has gone. */
export function drip(res: ServerResponse, right: RightAnswer, chunkBytes: number, intervalMs: number): void {
  const body = Buffer.from(right.body);
  let sent = 0;
  writeHead(res, right, body.length);
  const timer = setInterval(() => {
    res.write(body.subarray(sent, (sent += chunkBytes)));
    if (sent >= body.length) res.end();
  }, intervalMs);
  res.once('close', () => clearInterval(timer));
}

/** Sends the right answer with one more member of `bytes` letters in front, no faster than the client reads. */
export function bloat(res: ServerResponse, right: RightAnswer, bytes: number): void {
  const [before, after] = ['{"padding":"', `",${right.body.slice(1)}`];
  let left = bytes;
  const pour = (): void => {
    let flows = true;
    while (flows && left > 0) {
      const piece = PADDING.subarray(0, left);
      left -= piece.length;
      flows = res.write(piece);
    }
    if (left > 0) res.once('drain', pour);
    else res.end(after);
  };
  writeHead(res, right, before.length + bytes + Buffer.byteLength(after));
  res.write(before);
  pour();
}

/** Adds a member to a JSON object that has other members. */
const withMember = (json: string, member: string): string => `{${member},${json.slice(1)}`;
