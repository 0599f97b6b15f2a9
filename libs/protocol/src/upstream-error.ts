import type { Refusal, RefusalCode } from './refusal.js';
import { TOO_MANY_REQUESTS } from './errors.js';

/** The body of an error as the upstream writes it. */
export interface UpstreamError {
  readonly error_code: string;
  readonly error_msg: string;
}

interface Rule {
  readonly status: number;
  readonly code: string;
  /** The upstream's own words, which come first. */
  readonly words: string;
}

/** The refusals of PROTOCOL.md, section 5, in the upstream's codes. */
const RULES: Readonly<Record<RefusalCode, Rule>> = {
  invalid: { status: 400, code: 'OSM.0001', words: 'Invalid parameter' },
  unauthorized: { status: 401, code: 'APIGW.0301', words: 'Incorrect IAM authentication information' },
  forbidden: { status: 403, code: 'OSM.01010002', words: 'No permission to access the service ticket' },
  too_many: { status: TOO_MANY_REQUESTS, code: 'APIGW.0308', words: 'The throttling threshold has been reached' },
  unavailable: { status: 503, code: 'OSM.01010014', words: 'The service is busy' },
};

/** An error that is a fault of the gateway. */
export const UPSTREAM_INTERNAL: UpstreamError = { error_code: 'OSM.0004', error_msg: 'Internal error' };

/** Most characters of ticket ids in an error. */
const IDS_MAX_LENGTH = 1000;

/** A refusal as the upstream would tell it, for its own clients. */
export function upstreamErrorOf({ code, message, details }: Refusal): { status: number; body: UpstreamError } {
  const { status, code: error_code, words } = RULES[code];
  const ids = details.caseIds === undefined ? '' : ` (${details.caseIds.join(', ').slice(0, IDS_MAX_LENGTH)})`;
  return { status, body: { error_code, error_msg: `${words}: ${message}${ids}` } };
}
