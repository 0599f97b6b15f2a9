import type { CaseId } from '#core';
import type { ErrorBody } from './events.js';
import type { Refusal, RefusalCode } from './refusal.js';

interface RefusalRule {
  /** HTTP status, unless the refusal names another one. */
  readonly status: number;
  readonly title: string;
  /** When to try again, ms, unless the refusal names another time. Absent if waiting does not help. */
  readonly retryMs?: number;
}

/** The closed table of refusals. */
export const REFUSALS: Readonly<Record<RefusalCode, RefusalRule>> = {
  invalid: { status: 400, title: 'Invalid request' },
  unauthorized: { status: 401, title: 'Missing or unusable token' },
  forbidden: { status: 403, title: 'Not allowed' },
  too_many: { status: 400, title: 'Too many' },
  unavailable: { status: 503, title: 'Temporarily unavailable', retryMs: 2000 },
};

/** Status of a refusal for too many connections or requests. Unlike for too many tickets, waiting helps. */
export const TOO_MANY_REQUESTS = 429;

/** Codes of HTTP errors that are not refusals. */
export type HttpErrorCode =
  | 'not_found'
  | 'method_not_allowed'
  | 'not_acceptable'
  | 'gone'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'headers_too_large'
  | 'internal';

/** Body of an `application/problem+json` answer (RFC 9457). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: RefusalCode | HttpErrorCode;
  readonly case_ids?: readonly CaseId[];
}

/** Content type of a {@link Problem}. */
export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

const HTTP_ERRORS: Readonly<Record<number, { readonly code: Problem['code']; readonly title: string }>> = {
  404: { code: 'not_found', title: 'Not found' },
  405: { code: 'method_not_allowed', title: 'Method not allowed' },
  406: { code: 'not_acceptable', title: 'Not acceptable' },
  410: { code: 'gone', title: 'Gone' },
  413: { code: 'payload_too_large', title: 'Payload too large' },
  415: { code: 'unsupported_media_type', title: 'Unsupported media type' },
  431: { code: 'headers_too_large', title: 'Request header fields too large' },
};
const INTERNAL = { code: 'internal', title: 'Internal error' } as const;

/** The closed table of codes that a {@link Problem} can have. */
export const PROBLEM_CODES: readonly Problem['code'][] = [
  ...(Object.keys(REFUSALS) as RefusalCode[]),
  ...Object.values(HTTP_ERRORS).map(({ code }) => code),
  INTERNAL.code,
];

/** The HTTP answer to a refusal. */
export function refusalProblem(refusal: Refusal): Problem {
  const { status, title } = REFUSALS[refusal.code];
  const { caseIds } = refusal.details;
  return {
    ...problem(refusal.code, title, refusal.details.status ?? status, refusal.message),
    ...(caseIds && { case_ids: caseIds }),
  };
}

/** When a refused client may try again, ms; undefined if waiting does not help. */
export function retryMsOf({ code, details }: Refusal): number | undefined {
  return details.retryMs ?? REFUSALS[code].retryMs;
}

/** The HTTP answer to an error that is not a refusal, by its status. */
export function httpProblem(status: number, detail: string): Problem {
  const rule = HTTP_ERRORS[status] ?? (status >= 500 ? INTERNAL : { code: 'invalid', title: REFUSALS.invalid.title });
  return problem(rule.code, rule.title, status, detail);
}

/** The error of a refusal in a Socket.IO acknowledgement. */
export function refusalError(refusal: Refusal): ErrorBody {
  const { caseIds } = refusal.details;
  const retryMs = retryMsOf(refusal);
  return {
    code: refusal.code,
    message: refusal.message,
    ...(caseIds && { case_ids: caseIds }),
    ...(retryMs !== undefined && { retry_ms: retryMs }),
  };
}

function problem(code: Problem['code'], title: string, status: number, detail: string): Problem {
  return { type: `urn:pollcast:problem:${code}`, title, status, detail, code };
}
