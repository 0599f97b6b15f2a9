/**
 * What may share a poll: subscribers of one language and one group. The upstream account is one per deployment and
 * the time zone never splits a feed, because times become instants.
 */
export interface Feed {
  /** `X-Language` of the poll, lower case, such as `zh-cn`. */
  readonly language: string;
  /** `group_id` of the poll; absent where the subscriber named none. */
  readonly groupId?: string;
}

/** Text form of a feed: unique, printable ASCII, free of `:`, `{`, `}` and `/` but for the one separator. */
export type FeedKey = string & { readonly __brand: 'FeedKey' };

/** What a group id may look like: 1 to 64 characters, none of them a control character or a lone surrogate. */
export const GROUP_ID_PATTERN = /^\P{C}{1,64}$/u;

/** What a language may look like: a short language tag such as `zh-cn` or `en-us`. */
export const LANGUAGE_PATTERN = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$/;

/**
 * The key of a feed. It is the hash tag of all the feed's Redis keys (invariant 6), so it escapes what would end a
 * hash tag or be refused in a BullMQ job id.
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
