/**
 * Fields that the documentation does not name, as JSON text. A client must pass them on unchanged. They have a number
 * that a double cannot hold, a number that `JSON.parse` would write shorter, and nesting. They are the same everywhere,
 * so that equal messages stay equal.
 */
const UNKNOWN = '"trace_no":9007199254740993,"score":1.10';
export const EXTRA_MESSAGE_FIELDS = `${UNKNOWN},"rich":{"labels":["a",null],"depth":{"level":2.0}}`;
export const EXTRA_TICKET_FIELDS = `${UNKNOWN},"owner":{"team":"ecs","shift":null}`;
export const EXTRA_STATUS_FIELDS = UNKNOWN;
export const EXTRA_ANSWER_FIELDS = `${UNKNOWN},"page":{"next":null}`;

/** Entries without content, as the example of the documentation has them. */
export const NULL_STATUS_ENTRIES = 'null,{"status":null,"incident_id":null}';
export const NULL_TICKET_ENTRIES = 'null,{"incident_id":null,"message_list":null}';
