import type { FeedKey } from './feed.js';

/** Name of a ticket set. Ids are not reused within an epoch, so the name of an ended set never means another set. */
export interface SetRef {
  readonly feed: FeedKey;
  readonly id: number;
}

/** Text form of a set's name: key in memory, BullMQ job id (which may have no `:`), text on channels. */
export function setName(ref: Pick<SetRef, 'feed'> & { readonly id: number | string }): string {
  return `${ref.feed}/${ref.id}`;
}
