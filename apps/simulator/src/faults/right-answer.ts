import { type ServerResponse } from 'node:http';
import { JSON_TYPE } from '../api-error.js';

/** What a request gets when nothing goes wrong. */
export interface RightAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON of an object that is not empty. */
  readonly body: string;
}

/** Sends the head of the right answer, with some headers changed, and the number of bytes that follow. */
export function writeHead(
  res: ServerResponse,
  right: RightAnswer,
  length: number,
  headers: Readonly<Record<string, string>> = {},
): void {
  res.writeHead(right.status, { 'Content-Type': JSON_TYPE, ...right.headers, ...headers, 'Content-Length': length });
}
