import type { FeedKey } from './feed.js';

/** Names a ticket set. Ids are never used again within a life of the feed, so a set that is gone stays gone. */
export interface SetRef {
  readonly feed: FeedKey;
  readonly id: number;
}

/** The one text form of a set's name: in memory, as a job id (which may hold no `:`; feed keys hold none), on channels. */
export function setName(ref: SetRef): string {
  return `${ref.feed}/${ref.id}`;
}
