import { PROBLEM_CODES, REFUSALS } from '../errors.js';
import { described, objectOf, oneOf, type JsonSchema } from './json-schema.js';
import { CASE_IDS, RETRY_MS } from './terms.js';

const REFUSED_CASE_IDS = described(CASE_IDS, 'The tickets that the refusal is about.');

/** Why a request over Socket.IO was refused. */
export const REFUSAL_MEMBERS = {
  required: {
    code: oneOf(Object.keys(REFUSALS)),
    message: { type: 'string', description: 'What was received and what to do, for a developer.' },
  },
  optional: { case_ids: REFUSED_CASE_IDS, retry_ms: RETRY_MS },
};

export const ERROR_BODY: JsonSchema = objectOf(REFUSAL_MEMBERS.required, REFUSAL_MEMBERS.optional);

/** The body of an HTTP refusal (RFC 9457). */
export const PROBLEM: JsonSchema = objectOf(
  {
    type: { type: 'string', description: 'Names the code.', examples: ['urn:pollcast:problem:invalid'] },
    title: { type: 'string' },
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: { type: 'string', description: 'What was received and what to do, for a developer.' },
    code: oneOf(PROBLEM_CODES, 'The closed table of PROTOCOL.md, section 5.'),
  },
  { case_ids: REFUSED_CASE_IDS },
  { description: 'Why a request was refused (RFC 9457).' },
);

/** The body of a refusal to a client that polls: the upstream's own form. */
export const UPSTREAM_ERROR: JsonSchema = objectOf(
  {
    error_code: { type: 'string', examples: ['OSM.0001', 'APIGW.0301'] },
    error_msg: { type: 'string' },
  },
  { request_id: { type: 'string', description: 'Where the API gateway of the upstream answers.' } },
  { description: 'A refusal as the upstream writes it.' },
);

/** The body of a refusal of health and metrics. */
export const OPS_ERROR: JsonSchema = objectOf({ status: { const: 'error' } }, { detail: { type: 'string' } });
