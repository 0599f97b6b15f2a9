/** A language range (RFC 4647, 2.1), with a weight if it is one of several (RFC 9110, 12.5.4). */
const RANGE = String.raw`(?:\*|[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)(?:\s*;\s*q=(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?`;

/** Longest text that names languages, characters: a browser's whole list is shorter. */
export const LANGUAGES_MAX_LENGTH = 256;

/** What a client may name as its language: `en`, `zh-Hans-CN`, or a whole list such as `en-US,en;q=0.9,zh;q=0.5`. */
export const LANGUAGES_PATTERN = new RegExp(`^${RANGE}(?:\\s*,\\s*${RANGE}){0,31}$`);

/** Told to a client that names something else. */
export const LANGUAGE_MESSAGE =
  'language must be a language tag such as en or zh-cn, or a list of them such as en-US,en;q=0.9';
