import { BoundedMap, type CaseId, type PollRequest } from '#core';
import { CURSOR_KEY } from './cursor-mark.js';
import { percentEncode } from './identity/percent-encode.js';

/**
 * Most encoded lists of ids that are kept, because a worker polls the same sets again and again. At about 4 kB per list
 * they take at most 16 MB. A list that was dropped costs ten microseconds, nothing else.
 */
const KEPT_LISTS = 4096;

/**
 * Writes the queries of polls: `case_ids` repeated, as the official SDKs send it, then the other parameters.
 *
 * Ids are sent sorted. The official SDKs disagree on how repeated values are signed: those for Python, Node and Go sort
 * them, the one for Java takes them in the order sent. Sorted values give one signature for both.
 */
export class PollQueryWriter {
  private readonly lists = new BoundedMap<string, string>(KEPT_LISTS);
  private readonly trim: string;

  /** @param trimRichText the value of `trim_osm_rich_text_label`; empty: not sent, and the upstream's default holds */
  constructor(trimRichText: '' | 'true' | 'false') {
    this.trim = trimRichText === '' ? '' : `&trim_osm_rich_text_label=${trimRichText}`;
  }

  write({ caseIds, feed, cursor }: PollRequest): string {
    const group = feed.groupId === undefined ? '' : `&group_id=${percentEncode(feed.groupId)}`;
    const from = cursor === null ? '' : `&${CURSOR_KEY}=${percentEncode(cursor)}`;
    return `${this.encoded(caseIds)}${group}${from}${this.trim}`;
  }

  private encoded(caseIds: readonly CaseId[]): string {
    const key = caseIds.join('\n');
    const kept = this.lists.get(key);
    if (kept !== undefined) {
      return kept;
    }
    const list = caseIds
      .toSorted()
      .map((caseId) => `case_ids=${percentEncode(caseId)}`)
      .join('&');
    this.lists.set(key, list);
    return list;
  }
}
