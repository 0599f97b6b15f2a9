import type { OlderRequest } from '#core';
import { percentEncode } from './identity/percent-encode.js';

/**
 * Path and query of "Querying More Messages". The official models require `create_time` (a time stamp), `type` (of the
 * message from which the client goes on) and `limit`.
 *
 * @param trimRichText as in polls; empty: not sent
 */
export function olderPath(request: OlderRequest, trimRichText: '' | 'true' | 'false'): string {
  const { feed, caseId, before, type, limit } = request;
  const group = feed.groupId === undefined ? '' : `&group_id=${percentEncode(feed.groupId)}`;
  const trim = trimRichText === '' ? '' : `&trim_osm_rich_text_label=${trimRichText}`;
  const path = `/v2/servicerequest/cases/${percentEncode(caseId)}/instant-messages/more`;
  return `${path}?create_time=${before}${group}&limit=${limit}${trim}&type=${type}`;
}
