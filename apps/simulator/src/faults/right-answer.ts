import { type ServerResponse } from 'node:http';
import { JSON_TYPE } from '../api-error.js';

/** The answer without any fault. */
export interface RightAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON of an object with at least one member. */
  readonly body: string;
}

/** Sends the head of the right answer. Given headers replace its own. */
export function writeHead(
  res: ServerResponse,
  right: RightAnswer,
  length: number,
  headers: Readonly<Record<string, string>> = {},
): void {
  res.writeHead(right.status, { 'Content-Type': JSON_TYPE, ...right.headers, ...headers, 'Content-Length': length });
}
