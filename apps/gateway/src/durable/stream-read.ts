import type { IncomingMessage } from 'node:http';
import type { CaseId, Feed, ResumeFrom } from '#core';
import { CaseMessagesDto, type PositionIds, Refusal } from '#protocol';
import type { Languages } from '../edge/languages.js';
import type { RequestReader } from '../edge/request-reader.js';
import { feedOf } from '../edge/subscription-parameters.js';
import { queryOf, single } from '../http/query.js';
import { CURSOR_PATTERN } from './stream-cursor.js';

/** How a stream is read: what there is, one wait for news, or events as they come. */
export type Live = 'catch-up' | 'long-poll' | 'sse';

/** One read of a ticket's stream, understood. */
export interface StreamRead {
  readonly feed: Feed;
  readonly caseIds: readonly [CaseId];
  readonly from: ResumeFrom;
  /** Past events that come first, if no position is named; undefined: all of them. */
  readonly history: 0 | undefined;
  readonly live: Live;
  readonly cursor: string | undefined;
}

/**
 * Reads the query of Durable Streams: `offset` (a position, `-1` for the beginning, `now` for the end), `live`, `cursor`.
 *
 * @throws {Refusal} `invalid`
 */
export function readStreamQuery(
  request: IncomingMessage,
  caseId: string,
  parts: { readonly reader: RequestReader; readonly languages: Languages; readonly ids: PositionIds },
): StreamRead {
  const query = queryOf(request);
  const offset = only(query, 'offset');
  const live = only(query, 'live');
  const cursor = only(query, 'cursor');
  if (live !== undefined && live !== 'long-poll' && live !== 'sse') {
    throw new Refusal('invalid', 'live must be long-poll or sse');
  }
  if (live !== undefined && offset === undefined) {
    throw new Refusal('invalid', 'a live read names an offset: -1 for the beginning, now for the end');
  }
  if (cursor !== undefined && !CURSOR_PATTERN.test(cursor)) {
    throw new Refusal('invalid', 'cursor must be the Stream-Cursor of the last answer');
  }
  const asked = parts.reader.read(CaseMessagesDto, {
    case_id: caseId,
    group_id: single(query, 'group_id'),
    language: single(query, 'language'),
  });
  const isNow = offset === 'now';
  const from = parts.ids.resumeFrom(offset === undefined || offset === '-1' || isNow ? null : offset);
  if (from.kind === 'unknown') {
    throw new Refusal('invalid', 'offset must be the Stream-Next-Offset of an answer, -1 or now');
  }
  const feed = feedOf(asked, parts.languages);
  return { feed, caseIds: [asked.case_id], from, history: isNow ? 0 : undefined, live: live ?? 'catch-up', cursor };
}

/** A value that may be given once, and not empty. @throws {Refusal} `invalid` */
function only(query: URLSearchParams, key: string): string | undefined {
  const values = query.getAll(key);
  if (values.length > 1 || values[0] === '') {
    throw new Refusal('invalid', `${key} is given once and is not empty, and this query has it otherwise`);
  }
  return values[0];
}
