import { type ServerResponse } from 'node:http';
import { type ApiError, badCursor, errorBody, noPermission, sendText, throttled, wrongIdentity } from '../api-error.js';
import { bloat, compress, drip, garble, halve, mislabel, truncate } from './distort.js';
import { type Fault } from './fault.js';
import { type RightAnswer } from './right-answer.js';

const DEFAULT_CHUNK_BYTES = 16;
const DEFAULT_PAUSE_MS = 200;

/**
 * Answers as the fault says.
 *
 * @param right makes the right answer; faults that send no part of it do not call it
 */
export function misbehave(fault: Fault, res: ServerResponse, requestId: string, right: () => RightAnswer): void {
  const refuse = (error: ApiError, headers?: Record<string, string>): void =>
    sendText(res, error.status, errorBody(error, requestId), headers);

  switch (fault.kind) {
    case 'status':
      return sendText(res, fault.status, statusBody(fault.body), {
        ...(fault.content_type && { 'Content-Type': fault.content_type }),
        ...fault.headers,
      });
    case 'error_in_200':
      return refuse({ status: 200, code: fault.error_code, message: fault.error_msg ?? 'System error' });
    case 'throttle':
      return refuse(throttled, fault.retry_after === undefined ? {} : { 'Retry-After': String(fault.retry_after) });
    case 'token_expired':
      return refuse(wrongIdentity('decrypt token fail'));
    case 'refuse_case':
      return refuse(noPermission(fault.as === '200' ? 200 : 403));
    case 'refuse_cursor':
      return refuse(badCursor(fault.as === '200' ? 200 : 400));
    case 'html':
      return sendText(res, 502, '<html><body><h1>502 Bad Gateway</h1></body></html>', { 'Content-Type': 'text/html' });
    case 'redirect':
      return sendText(res, 302, '', { Location: fault.location });
    case 'hang':
      return;
    case 'reset':
      res.destroy();
      return;
    case 'drip':
      return drip(res, right(), fault.chunk_bytes ?? DEFAULT_CHUNK_BYTES, fault.interval_ms ?? DEFAULT_PAUSE_MS);
    case 'truncate':
      return truncate(res, right());
    case 'bad_json':
      return halve(res, right());
    case 'wrong_charset':
      return garble(res, right());
    case 'wrong_content_type':
      return mislabel(res, right());
    case 'gzip':
      return compress(res, right());
    case 'huge':
      return bloat(res, right(), fault.bytes);
  }
}

function statusBody(body: string | Record<string, unknown> | undefined): string {
  if (typeof body === 'string') return body;
  return JSON.stringify(body ?? { error_code: 'OSM.0004', error_msg: 'System error' });
}
