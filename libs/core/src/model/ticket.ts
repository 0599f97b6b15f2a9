/** Id of one support ticket, called `case_id` or `incident_id` by the upstream. 1 to 64 visible ASCII characters. */
export type CaseId = string;

/** Longest accepted case id, in characters. */
export const CASE_ID_MAX_LENGTH = 64;

/**
 * What a case id may look like: visible ASCII only. No white space and no control characters, because ids are joined
 * with line feeds in the store and travel in query strings, logs and channel names.
 */
export const CASE_ID_PATTERN = /^[\x21-\x7e]{1,64}$/;

/** Largest number of tickets the upstream takes in one request (upstream documentation, parameter `case_ids`). */
export const UPSTREAM_CASE_IDS_MAX = 100;
