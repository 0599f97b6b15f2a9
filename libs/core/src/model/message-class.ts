import type { Digest } from './fingerprint.js';
import { canonicalJson, jsonText, RawNumber, type JsonObject, type JsonValue } from './json.js';

/** Digest of the parts that identify a message. Messages of one class in one ticket are counted. */
export type MessageClass = string & { readonly __brand: 'MessageClass' };

const SECOND_MS = 1000;

/** Labels of rich text, which the upstream may remove (`UPSTREAM_TRIM_RICH_TEXT`), and white space. */
const LABELS_AND_SPACE = /<[^<>]*>|\s+/g;

/**
 * The class of a message: its second, `replier`, `type`, `content`, and the ids of its attachments. All else is form: a
 * release or a setting of the upstream may change it in the middle of a conversation, and the message stays the same.
 * Form are `replier_name` and every other field, the order of keys and of attachments, null for an empty or absent
 * value, white space and labels in the content, and the time zone and fraction of a time.
 *
 * Two messages of one class need not be equal. They are counted, and all messages of one second are on one side of the
 * window's edge, so that a coarse class loses nothing (invariant 3).
 *
 * @param sentAt `create_time` as milliseconds since 1970
 * @returns null if the time is not known. Such messages of different days would be counted together, and an answer may lack
 *   some of them. So they are compared by all of their fields only.
 */
export function classOf(message: JsonObject, sentAt: number | null, digest: Digest): MessageClass | null {
  if (sentAt === null) {
    return null;
  }
  const { replier, type, content, accessory_list: attachments } = message;
  const said = textOf(content).replace(LABELS_AND_SPACE, '');
  const parts = [Math.floor(sentAt / SECOND_MS), textOf(replier).trim(), textOf(type).trim(), said];
  return digest(jsonText([...parts, ...attachmentIds(attachments)])) as MessageClass;
}

function attachmentIds(attachments: JsonValue | undefined): string[] {
  const ids = (Array.isArray(attachments) ? attachments : []).map((one) => textOf(idOf(one)).trim());
  return ids.filter((id) => id !== '').sort();
}

function idOf(attachment: JsonValue): JsonValue | undefined {
  const isObject = typeof attachment === 'object' && attachment !== null && !(attachment instanceof RawNumber);
  return isObject && !Array.isArray(attachment) ? attachment['accessory_id'] : undefined;
}

/** The text of a value. Absent, null and empty give one text; so do a number and its digits. */
function textOf(value: JsonValue | undefined): string {
  const known = value ?? '';
  return typeof known === 'string' ? known : canonicalJson(known);
}
