import type { IncomingMessage } from 'node:http';

const WHOLE_NUMBER = /^\d{1,9}$/;

/** The query of a request. A key may be repeated any number of times, as `case_ids` is. */
export function queryOf(request: IncomingMessage): URLSearchParams {
  const url = request.url ?? '';
  const mark = url.indexOf('?');
  return new URLSearchParams(mark < 0 ? '' : url.slice(mark));
}

/**
 * Several slashes before what clients are served: a base URL ended with one. Health and metrics are left out: proxies that
 * keep them private compare paths.
 */
const EXTRA_SLASHES = /^\/{2,}(?=(?:v1|v2|socket\.io)\/)/i;

/** Takes all slashes but one off the beginning of a path that clients are served. */
export function dropExtraSlashes(request: IncomingMessage): void {
  if (request.url?.startsWith('//')) {
    request.url = request.url.replace(EXTRA_SLASHES, '/');
  }
}

/** The path of a request, not decoded. */
export function pathOf({ url = '' }: IncomingMessage): string {
  const mark = url.indexOf('?');
  return mark < 0 ? url : url.slice(0, mark);
}

/**
 * The value of a key that may be given once. Empty counts as absent. Several values are returned as a list, which
 * validation refuses.
 */
export function single(query: URLSearchParams, key: string): string | string[] | undefined {
  const first = query.get(key);
  if (first === null) {
    return undefined;
  }
  const values = query.getAll(key);
  return values.length > 1 ? values : first || undefined;
}

/** The same for a whole number. A text that is no number is returned as it is, and validation refuses it. */
export function wholeNumber(query: URLSearchParams, key: string): number | string | string[] | undefined {
  const value = single(query, key);
  return typeof value === 'string' && WHOLE_NUMBER.test(value) ? Number(value) : value;
}
