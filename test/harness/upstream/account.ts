import type { Recording } from '../clients/recording.js';
import type { Posted } from './simulator-control.js';

/** The comparison of what was posted with what one client received. All lists are empty if nothing is wrong. */
export interface Account {
  readonly posted: number;
  readonly delivered: number;
  /** Posted more often than delivered. */
  readonly lost: readonly string[];
  /** Delivered more often than posted, or twice at one position. */
  readonly doubled: readonly string[];
  /** Positions that do not grow. Within one ticket: messages that came before a message that was posted earlier. */
  readonly disordered: readonly string[];
  /** The reasons of the received gaps. */
  readonly gaps: readonly string[];
}

export interface AccountOptions {
  /**
   * Whether the upstream shows messages in the order of posting. If it shuffles them, or delays some of them, only
   * positions are compared.
   */
  readonly inOrderOfPosting?: boolean;
}

/** Compares the recording of one client with the postings to its tickets. */
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
    lost: listed(beyond(wanted, got)),
    doubled: listed([...beyond(got, wanted), ...repeated(recording)]),
    disordered: listed([...notGrowing(recording), ...(inOrderOfPosting ? notAsPosted(posted, recording) : [])]),
    gaps: recording.of('gap').map((frame) => frame.data.reason),
  };
}

/** Most faults that are listed. Of the others only the number is given. */
const LISTED_MAX = 5;

function listed(faults: readonly string[]): readonly string[] {
  const more = faults.length - LISTED_MAX;
  return more > 0 ? [...faults.slice(0, LISTED_MAX), `and ${more} more`] : faults;
}

/** An account without faults. */
export function faultless(posted: number): Account {
  return { posted, delivered: posted, lost: [], doubled: [], disordered: [], gaps: [] };
}

/** The documented `create_time` has whole seconds, so messages look equal if their times differ by less. */
const second = (ms: number) => String(Math.floor(ms / 1000) * 1000);
const key = (caseId: string, content: string, time: string) => `${caseId} ${time} ${content}`;

function counts(keys: readonly string[]): ReadonlyMap<string, number> {
  const counted = new Map<string, number>();
  for (const each of keys) counted.set(each, (counted.get(each) ?? 0) + 1);
  return counted;
}

/** The keys that are more frequent than in `others`, with the difference. */
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

/** Tickets whose contents are not in the order of posting. Equal messages cannot be distinguished, so they are never wrong. */
function notAsPosted(posted: readonly Posted[], recording: Recording): string[] {
  const bySeq = [...posted].sort((a, b) => a.seq - b.seq);
  const tickets = new Set(posted.map(({ case_id }) => case_id));
  return [...tickets].flatMap((ticket) => {
    const expected = bySeq.filter(({ case_id }) => case_id === ticket).map(({ content }) => content);
    const actual = recording.messages
      .filter(({ data }) => data.case_id === ticket)
      .map(({ data }) => String(data.message['content']));
    const at = actual.findIndex((content, index) => content !== expected[index]);
    // A lost or doubled message shifts all that follow. It is listed as lost or doubled.
    if (at < 0 || actual.length !== expected.length) return [];
    return [`${ticket}: ${actual[at]} came where ${expected[at]} was posted`];
  });
}
