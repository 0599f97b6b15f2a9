/**
 * What may share a poll: tickets of one language and one group. A deployment has one upstream account. The time zone
 * never splits a feed, because times become instants.
 */
export interface Feed {
  /** `X-Language` of the poll, lower case, such as `zh-cn`. */
  readonly language: string;
  /** `group_id` of the poll; absent if the subscriber named none. */
  readonly groupId?: string;
}

/** Text form of a feed: unique printable ASCII. It has no `:`, `{` or `}`, and one `/` at most, before the group. */
export type FeedKey = string & { readonly __brand: 'FeedKey' };

/** A valid group id: 1 to 64 characters, no control character, no lone surrogate. */
export const GROUP_ID_PATTERN = /^\P{C}{1,64}$/u;

/** A valid language: a short language tag such as `zh-cn` or `en-us`. */
export const LANGUAGE_PATTERN = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$/;

/**
 * The key of a feed. It is the hash tag of all Redis keys of the feed (invariant 6) and a part of BullMQ job ids.
 * Characters that would end a hash tag, or that BullMQ refuses, are escaped.
 */
export function feedKey(feed: Feed): FeedKey {
  const group = feed.groupId === undefined ? '' : `/${encodeURIComponent(feed.groupId)}`;
  return `${feed.language.toLowerCase()}${group}` as FeedKey;
}

/** The feed that a key was made from. @throws {URIError} when the text was not made by {@link feedKey}. */
export function parseFeedKey(key: FeedKey): Feed {
  const slash = key.indexOf('/');
  return slash < 0
    ? { language: key }
    : { language: key.slice(0, slash), groupId: decodeURIComponent(key.slice(slash + 1)) };
}
