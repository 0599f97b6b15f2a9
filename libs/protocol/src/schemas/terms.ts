import { CASE_ID_PATTERN, GROUP_ID_PATTERN } from '#core';
import { LANGUAGES_MAX_LENGTH, LANGUAGES_PATTERN } from '../language-ranges.js';
import { CLIENT_ID_PATTERN, EVENT_ID_PATTERN, HISTORY_DEFAULT, HISTORY_MAX } from '../subscribe.dto.js';
import { listOf, type JsonSchema } from './json-schema.js';

/** The terms of PROTOCOL.md, section 1, as schemas. What a client may send has the pattern that the gateway checks. */
export const CASE_ID: JsonSchema = {
  type: 'string',
  description: 'A ticket.',
  pattern: CASE_ID_PATTERN.source,
  examples: ['T1'],
};

export const CASE_IDS: JsonSchema = listOf(CASE_ID, { description: 'Tickets of one feed.', examples: [['T1']] });

/** What a client sends: it names a ticket at least. */
export const ASKED_CASE_IDS: JsonSchema = { ...CASE_IDS, minItems: 1 };

export const GROUP_ID: JsonSchema = {
  type: 'string',
  description: 'The group of the feed. It is present if and only if the subscription named one.',
  pattern: GROUP_ID_PATTERN.source,
};

export const LANGUAGE_RANGES: JsonSchema = {
  type: 'string',
  description: 'A language tag, or a list of them with weights: the best match of `LANGUAGES` is served.',
  pattern: LANGUAGES_PATTERN.source,
  maxLength: LANGUAGES_MAX_LENGTH,
  examples: ['zh-cn'],
};

/** A position that the gateway gives. */
export const EVENT_ID: JsonSchema = {
  type: 'string',
  description: 'A position: opaque, signed, growing within a feed.',
  minLength: 1,
  maxLength: 64,
  examples: ['0mwtcnjrpo8nsa-000000000003-aQ9x_T1cPzk'],
};

/** A range that a JSON text in UTF-8 cannot have but by an escape, and that other languages than JavaScript refuse. */
const LONE_SURROGATES = String.raw`\ud800-\udfff`;

/** A position that a client names. Whether it means something is told in the answer. */
export const ASKED_EVENT_ID: JsonSchema = {
  type: 'string',
  description: 'The position from which the client goes on.',
  pattern: EVENT_ID_PATTERN.source.replace(LONE_SURROGATES, ''),
};

export const HISTORY: JsonSchema = {
  type: 'integer',
  description: 'How many past events of each ticket come first, if no position is named.',
  minimum: 0,
  maximum: HISTORY_MAX,
  default: HISTORY_DEFAULT,
};

export const CLIENT_ID: JsonSchema = {
  type: 'string',
  description: 'Which client this is, chosen by the client. A new connection of it takes the place of the old one.',
  pattern: CLIENT_ID_PATTERN.source,
};

export const INSTANT: JsonSchema = {
  type: 'string',
  description: 'An instant in UTC.',
  format: 'date-time',
  examples: ['2026-11-23T14:17:22.000Z'],
};

export const RETRY_MS: JsonSchema = {
  type: 'integer',
  description: 'How long to wait before the next attempt, ms.',
  minimum: 0,
};
