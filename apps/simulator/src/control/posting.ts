import { InvalidInput, integer, type Kind, listOf, oneOf, optional, read, record, required, text } from '../fields.js';
import { type Accessory } from '../messages/message.js';
import { type Posting } from '../messages/ticket-store.js';

const MAX_COPIES = 100_000;
/** Stands for 1, 2, 3 … in the content of copies. */
const COPY_NUMBER = '{n}';
const ID = text(64, 1);

const accessory: Kind<Accessory> = {
  expected: '{ accessory_id, file_actual_name }',
  accepts: (value): value is Accessory =>
    record.accepts(value) && ID.accepts(value.accessory_id) && text(256).accepts(value.file_actual_name),
};

/** JSON as text: parsing it would change how 1.10 and 9007199254740993 are written. */
const rawObject: Kind<string> = {
  expected: 'the text of a JSON object',
  accepts: (value): value is string => {
    if (typeof value !== 'string') return false;
    try {
      return record.accepts(JSON.parse(value));
    } catch {
      return false;
    }
  },
};

const SHAPE = {
  case_id: required(ID),
  group_id: optional(ID),
  content: required(text(400)),
  count: optional(integer(1, MAX_COPIES)),
  // Thirteen digits, years 2001 to 2286: the length of a cursor says whether it is in milliseconds or nanoseconds.
  time_ms: optional(integer(10 ** 12, 10 ** 13 - 1)),
  visible_in_ms: optional(integer(0, 86_400_000)),
  extra: optional(rawObject),
  type: optional(oneOf(0, 1)),
  replier_type: optional(integer(0, 3)),
  replier: optional(text(64)),
  replier_name: optional(text(256)),
  is_first_message: optional(oneOf(0, 1)),
  iam_user_type: optional(integer(0, 3)),
  accessory_list: optional(listOf(accessory, 0, 100)),
};

/**
 * Reads the body of `POST /control/messages`: one posting or a list of them, each of one message or of `count` copies.
 *
 * @throws InvalidInput naming everything that is wrong; then nothing is posted
 */
export function readPostings(body: unknown): Posting[] {
  const items: unknown[] = Array.isArray(body) ? body : [body];
  const problems: string[] = [];
  const postings = items.flatMap((item, index) => {
    try {
      return readPosting(item, Array.isArray(body) ? `[${index}].` : '');
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      problems.push(...error.problems);
      return [];
    }
  });
  if (problems.length > 0) throw new InvalidInput(problems);
  return postings;
}

/** Reads one posting. Its author is an engineer, unless it names another one. */
function readPosting(item: unknown, where: string): Posting[] {
  const given = read(item, SHAPE, where);
  const posting = (content: string): Posting => ({
    caseId: given.case_id,
    groupId: given.group_id,
    timeMs: given.time_ms,
    visibleInMs: given.visible_in_ms,
    fields: {
      type: given.type ?? 1,
      replier_type: given.replier_type ?? 1,
      replier: given.replier ?? 'engineer-1',
      content,
      replier_name: given.replier_name ?? 'Engineer 1',
      ...(given.is_first_message !== undefined && { is_first_message: given.is_first_message }),
      iam_user_type: given.iam_user_type ?? 0,
      accessory_list: given.accessory_list ?? [],
    },
    extra: given.extra?.trim().slice(1, -1).trim() ?? '',
  });
  if (given.count === undefined) return [posting(given.content)];
  return Array.from({ length: given.count }, (_, copy) =>
    posting(given.content.replaceAll(COPY_NUMBER, String(copy + 1))),
  );
}
