import type { Recording } from '../clients/recording.js';
import type { Posted } from './simulator-control.js';

/** What became of what was posted, as one client saw it. All lists are empty where everything is right. */
export interface Account {
  readonly posted: number;
  readonly delivered: number;
  /** Posted more often than delivered. */
  readonly lost: readonly string[];
  /** Delivered more often than posted, or twice at one position. */
  readonly doubled: readonly string[];
  /** Positions that did not grow; within one ticket, messages that came before what was posted earlier. */
  readonly disordered: readonly string[];
  /** Reasons of the gaps that the client was told of. */
  readonly gaps: readonly string[];
}

export interface AccountOptions {
  /**
   * Whether the upstream shows what it was given in the order of posting. Where it shuffles, or shows some messages
   * later than others, only positions can be out of order.
   */
  readonly inOrderOfPosting?: boolean;
}

/** Holds one client's recording against the upstream's ledger of the tickets that it was subscribed to. */
export function account(posted: readonly Posted[], recording: Recording, options: AccountOptions = {}): Account {
  const { inOrderOfPosting = true } = options;
  const wanted = counts(posted.map(({ case_id, content, time_ms }) => key(case_id, content, second(time_ms))));
  const got = counts(
    recording.messages.map(({ data }) =>
      key(data.case_id, String(data.message['content']), second(Date.parse(data.sent_at ?? ''))),
    ),
  );
  return {
    posted: posted.length,
    delivered: recording.messages.length,
    lost: told(beyond(wanted, got)),
    doubled: told([...beyond(got, wanted), ...repeated(recording)]),
    disordered: told([...notGrowing(recording), ...(inOrderOfPosting ? notAsPosted(posted, recording) : [])]),
    gaps: recording.of('gap').map((frame) => frame.data.reason),
  };
}

/** Faults that are told one by one; of more, only the number is. */
const TOLD_MAX = 5;

function told(faults: readonly string[]): readonly string[] {
  const more = faults.length - TOLD_MAX;
  return more > 0 ? [...faults.slice(0, TOLD_MAX), `and ${more} more`] : faults;
}

/** An account without a fault. */
export function faultless(posted: number): Account {
  return { posted, delivered: posted, lost: [], doubled: [], disordered: [], gaps: [] };
}

/** `create_time` has, as documented, a resolution of one second, so messages that differ in less look equal. */
const second = (ms: number) => String(Math.floor(ms / 1000) * 1000);
const key = (caseId: string, content: string, time: string) => `${caseId} ${time} ${content}`;

function counts(keys: readonly string[]): ReadonlyMap<string, number> {
  const counted = new Map<string, number>();
  for (const each of keys) counted.set(each, (counted.get(each) ?? 0) + 1);
  return counted;
}

/** What is there more often than in the other, with the difference. */
function beyond(these: ReadonlyMap<string, number>, others: ReadonlyMap<string, number>): string[] {
  return [...these].flatMap(([each, count]) => {
    const more = count - (others.get(each) ?? 0);
    return more > 0 ? [`${each} (${more})`] : [];
  });
}

function repeated(recording: Recording): string[] {
  const seen = new Set<string | null>();
  return [...recording.messages, ...recording.of('status')].flatMap(({ id }) => {
    const isNew = !seen.has(id);
    seen.add(id);
    return isNew ? [] : [`position ${id}`];
  });
}

function notGrowing(recording: Recording): string[] {
  let last = '';
  return recording.frames.flatMap(({ event, data, id }) => {
    if ((event !== 'message' && event !== 'status') || id === null) return [];
    const wrong = id <= last ? [`${id} after ${last} (${'case_id' in data ? data.case_id : ''})`] : [];
    last = id;
    return wrong;
  });
}

/** Twins cannot be told apart, so the first content that is out of turn shows a swap, and equal ones never do. */
function notAsPosted(posted: readonly Posted[], recording: Recording): string[] {
  const bySeq = [...posted].sort((a, b) => a.seq - b.seq);
  const tickets = new Set(posted.map(({ case_id }) => case_id));
  return [...tickets].flatMap((ticket) => {
    const expected = bySeq.filter(({ case_id }) => case_id === ticket).map(({ content }) => content);
    const actual = recording.messages
      .filter(({ data }) => data.case_id === ticket)
      .map(({ data }) => String(data.message['content']));
    const at = actual.findIndex((content, index) => content !== expected[index]);
    // A loss or a double shifts all that follow; it is told as what it is.
    if (at < 0 || actual.length !== expected.length) return [];
    return [`${ticket}: ${actual[at]} came where ${expected[at]} was posted`];
  });
}
