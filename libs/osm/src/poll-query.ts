import type { CaseId, PollRequest } from '#core';
import { CURSOR_KEY } from './cursor-mark.js';
import { percentEncode } from './identity/percent-encode.js';

/**
 * Lists of ids that are kept encoded. A worker polls the same sets again and again; at some 4 kB a list this is at
 * most 16 MB. A forgotten list costs ten microseconds, nothing else.
 */
const KEPT_LISTS = 4096;

/** Writes the queries of polls: `case_ids` repeated, as the official SDKs send it, then what else is asked for. */
export class PollQueryWriter {
  private readonly lists = new Map<string, string>();

  write({ caseIds, feed, cursor }: PollRequest): string {
    const group = feed.groupId === undefined ? '' : `&group_id=${percentEncode(feed.groupId)}`;
    const from = cursor === null ? '' : `&${CURSOR_KEY}=${percentEncode(cursor)}`;
    return `${this.encoded(caseIds)}${group}${from}`;
  }

  private encoded(caseIds: readonly CaseId[]): string {
    const key = caseIds.join('\n');
    let list = this.lists.get(key);
    if (list === undefined) {
      list = caseIds.map((caseId) => `case_ids=${percentEncode(caseId)}`).join('&');
      this.lists.set(key, list);
      if (this.lists.size > KEPT_LISTS) {
        const [oldest] = this.lists.keys();
        this.lists.delete(oldest ?? key);
      }
    }
    return list;
  }
}
