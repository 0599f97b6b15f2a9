import { REFUSALS } from '../errors.js';
import { ref, type Operation } from './operation.js';

/** What the statuses of refusals mean, each with the codes that it can have. PROTOCOL.md, section 5. */
const MEANINGS: Readonly<Record<number, { readonly description: string; readonly code: string }>> = {
  400: {
    description: 'The request is not as described here (`invalid`), or names too much (`too_many`).',
    code: 'invalid',
  },
  401: { description: 'The token is missing, forged, expired, revoked or malformed.', code: 'unauthorized' },
  403: { description: 'The token does not cover this, or the origin of the page is not allowed.', code: 'forbidden' },
  404: { description: 'There is no such thing.', code: 'not_found' },
  405: { description: 'The method is not served here; `Allow` names those that are.', code: 'method_not_allowed' },
  406: { description: 'The request does not accept what is served here.', code: 'not_acceptable' },
  408: { description: 'The request was not complete in time.', code: 'invalid' },
  410: { description: 'Events after this offset are lost: begin anew with `offset=-1`.', code: 'gone' },
  413: { description: 'The body is too large.', code: 'payload_too_large' },
  415: { description: 'The body is not JSON, not UTF-8, or compressed.', code: 'unsupported_media_type' },
  429: { description: 'Too many: connections, requests, tickets or questions. Try again later.', code: 'too_many' },
  431: { description: 'Request line and headers are too large.', code: 'headers_too_large' },
  500: { description: 'A fault of the gateway.', code: 'internal' },
  503: { description: 'The store, or what verifies tokens, is out of reach or slow. Try again.', code: 'unavailable' },
};

/** Refusals that any request may meet, because they come before any route. */
const OF_ALL = [400, 403, 408, 429, 431, 500, 503];
const OF_TOKENS = [401];
const OF_BODIES = [413, 415];
/** Statuses whose answers say when to try again. */
const WITH_RETRY = [429, 503];

/** The refusals of an operation, by status. */
export function refusalsOf({ access, body, refusals = [] }: Operation): Record<string, object> {
  const statuses = [...OF_ALL, ...(access === 'public' ? [] : OF_TOKENS), ...(body ? OF_BODIES : []), ...refusals];
  const form = access === 'poll' ? 'PolledRefusal' : 'Refusal';
  return Object.fromEntries(
    [...new Set(statuses)]
      .sort((one, other) => one - other)
      .map((status) => [String(status), { $ref: `#/components/responses/${form}${status}` }]),
  );
}

/** All refusals, as components of the document. */
export function refusalComponents(): Record<string, object> {
  return Object.fromEntries(
    Object.entries(MEANINGS).flatMap(([status, { description, code }]) => [
      [`Refusal${status}`, response(Number(status), description, code, {})],
      [
        `PolledRefusal${status}`,
        response(Number(status), description, code, { 'application/json': { schema: ref('UpstreamError') } }),
      ],
    ]),
  );
}

function response(status: number, description: string, code: string, content: object): object {
  const title = Object.entries(REFUSALS).find(([name]) => name === code)?.[1].title ?? description.split(/[.:,;(]/)[0];
  const example = { type: `urn:pollcast:problem:${code}`, title, status, detail: description, code };
  return {
    description,
    ...(WITH_RETRY.includes(status) && { headers: { 'Retry-After': { $ref: '#/components/headers/Retry-After' } } }),
    ...(status === 405 && { headers: { Allow: { $ref: '#/components/headers/Allow' } } }),
    ...(status === 401 && { headers: { 'WWW-Authenticate': { $ref: '#/components/headers/WWW-Authenticate' } } }),
    content: { ...content, 'application/problem+json': { schema: ref('Problem'), example } },
  };
}
