import { UpstreamFailure, type JsonObject, type UpstreamFailureCode } from '#core';
import type { HttpAnswer } from './http-exchange.js';

/**
 * The documented error codes and what follows from each. `APIG.` and `APIGW.` are the same gateway's old and new
 * prefix; the table has the new one.
 */
const BY_ERROR_CODE: Readonly<Record<string, UpstreamFailureCode>> = {
  'OSM.0001': 'doubted', // parameters
  'OSM.0002': 'unauthorized',
  'OSM.0003': 'refused', // no permission
  'OSM.0004': 'unavailable', // internal error
  'OSM.01010001': 'doubted', // parameters
  'OSM.01010002': 'refused', // no permission
  'OSM.01010011': 'unauthorized',
  'OSM.01010014': 'unavailable', // busy
  'OSM.01010015': 'refused', // no such case
  'APIGW.0201': 'unavailable', // the backend timed out
  'APIGW.0202': 'unavailable', // the backend is not there
  'APIGW.0203': 'unavailable', // the backend answered too late
  'APIGW.0301': 'unauthorized',
  'APIGW.0308': 'throttled',
};

const ERROR_CODE = /^[A-Za-z]{1,16}\.\d{1,16}$/;
const REQUEST_ID = /^[\w.-]{1,64}$/;

/** The gateway's text about the quota of a throttled request: `limit:100,time:1 second`. */
const QUOTA_SPAN = /\btime:\s*(\d{1,4})\s*(second|minute|hour)/i;
const SPAN_MS: Readonly<Record<string, number>> = { second: 1000, minute: 60_000, hour: 3_600_000 };

/**
 * Longest pause that an upstream can ask for, ms. A clock that is wrong on either side must not stop polling for
 * longer.
 */
const RETRY_AFTER_MAX_MS = 3_600_000;

/** Error codes of the service itself. `APIGW.` codes come from the gateway in front of it, which knows no tickets. */
const OF_THE_SERVICE = /^OSM\./;

/**
 * The failure that an answer means; null if it is an answer. A body with an `error_code` is an error, whatever the
 * status (invariant 5). Only such a body comes from the upstream itself. Firewalls and proxies may answer 403 to every
 * request, which says nothing about a ticket. The message names status, code and request id, never the upstream's own
 * text.
 *
 * @param body the parsed body; null if it is not a JSON object
 * @param now milliseconds since 1970
 */
export function failureOf(answer: HttpAnswer, body: JsonObject | null, now: number): UpstreamFailure | null {
  const stated = body?.['error_code'] ?? '';
  if (answer.status === 200 && stated === '') {
    return null;
  }
  const errorCode = typeof stated === 'string' && ERROR_CODE.test(stated) ? stated.replace(/^APIG\./, 'APIGW.') : null;
  const code =
    answer.status === 429 ? 'throttled' : (BY_ERROR_CODE[errorCode ?? ''] ?? byStatus(answer.status, errorCode));
  const requestId = requestIdOf(answer.headers['x-request-id']) ?? requestIdOf(body?.['request_id']);
  const named = errorCode ?? (stated === '' ? 'no error_code' : 'an unknown error_code');
  const message = `the upstream answered ${answer.status} with ${named} (request ${requestId ?? 'unnamed'})`;
  return new UpstreamFailure(code, message, retryAfterMs(answer, body, now), requestId);
}

/** The upstream's name of a request; undefined if this is none. */
export function requestIdOf(value: unknown): string | undefined {
  return typeof value === 'string' && REQUEST_ID.test(value) ? value : undefined;
}

/** @param errorCode a code that is not in the table; null if the answer has none */
function byStatus(status: number, errorCode: string | null): UpstreamFailureCode {
  if (status === 401) {
    return 'unauthorized';
  }
  if (status >= 500 || status === 408 || (status >= 400 && errorCode === null)) {
    return 'unavailable';
  }
  if (errorCode !== null && OF_THE_SERVICE.test(errorCode) && (status === 400 || status === 403)) {
    return status === 400 ? 'doubted' : 'refused';
  }
  // 200 with an undocumented code, other 2xx, redirects (never followed) and the rest of 4xx.
  return 'rejected';
}

/** `Retry-After` in seconds or as a date; else the time span of the quota. */
function retryAfterMs(answer: HttpAnswer, body: JsonObject | null, now: number): number | undefined {
  const header = answer.headers['retry-after'];
  if (typeof header === 'string') {
    const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
    if (ms >= 0) {
      return Math.min(ms, RETRY_AFTER_MAX_MS);
    }
  }
  const words = body?.['error_msg'];
  const [, count, unit] = (typeof words === 'string' && QUOTA_SPAN.exec(words)) || [];
  const spanMs = Number(count) * (SPAN_MS[unit?.toLowerCase() ?? ''] ?? NaN);
  return spanMs >= 0 ? Math.min(spanMs, RETRY_AFTER_MAX_MS) : undefined;
}
