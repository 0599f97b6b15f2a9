import type { JsonObject, JsonValue } from '#core';

/** Changes that a release or a setting of the upstream may make to a message. It stays the same message. */
export const MESSAGE_FORMS: readonly ((message: JsonObject) => JsonObject)[] = [
  (message) => message,
  (message) => ({ ...message, trace_no: 7, sender: { team: null } }),
  ({ replier_name: name = null, ...message }) => ({ ...message, replierName: name }),
  (message) => ({ ...message, content: text(message['content']).trim(), replier_name: null }),
  ({ accessory_list: _, ...message }) => Object.fromEntries(Object.entries({ ...message, group: null }).reverse()),
  (message) => ({ ...message, create_time: `${text(message['create_time']).replace(' ', 'T')}.000Z` }),
];

function text(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
