import type { Frame, Recording } from '../harness/clients/recording.js';
import type { EventName, SnapshotEvent } from '../harness/clients/wire.js';

/** What is compared of a message, a status or an unread count. */
interface Publication {
  readonly event: string;
  readonly data: {
    readonly id: string;
    readonly case_id: string;
    readonly status?: number | null;
    readonly unread_num?: number;
  };
}

/**
 * What is wrong with the snapshots and unread counts of one epoch, one sentence each.
 *
 * A snapshot has exactly the last messages of its ticket, its status and its unread count, as the client has got them up to
 * there, and what comes after it is newer. Ids of all publications grow.
 *
 * @param history past events of a snapshot, as the client has asked for them
 * @param isFirst whether the client begins with it: its first snapshots are all that it gets of the past
 */
export function snapshotFaults(recording: Recording, history: number, isFirst: boolean): string[] {
  const faults: string[] = [];
  const known = new Map<string, Publication[]>();
  const cuts = new Map<string, string>();
  let last = '';
  let begins = isFirst;
  for (const frame of recording.frames) {
    if (isPublication(frame)) {
      const { case_id: caseId, id } = frame.data;
      if (id <= last) faults.push(`${frame.event} ${id} came after ${last}`);
      else if (id <= (cuts.get(caseId) ?? '')) faults.push(`${frame.event} ${id} came after a snapshot that has it`);
      last = id;
      known.set(caseId, [...(known.get(caseId) ?? []), frame]);
    } else if (frame.event === 'snapshot') {
      const cut = frame.data as SnapshotEvent;
      if (begins) known.set(cut.case_id, publicationsOf(cut));
      else faults.push(...differences(cut, known.get(cut.case_id) ?? [], history));
      cuts.set(cut.case_id, cut.id);
    } else if (frame.event === 'ready') begins = false;
  }
  return faults;
}

/** As if they had come one by one. The status of a ticket is known before its first message. */
function publicationsOf({ id, case_id, status, messages, unread }: SnapshotEvent): Publication[] {
  return [
    ...(status === null ? [] : [{ event: 'status', data: { id, case_id, status } }]),
    ...messages.map((data) => ({ event: 'message', data })),
    ...(!unread ? [] : [{ event: 'unread', data: { id, case_id, unread_num: unread.unread_num } }]),
  ];
}

function differences(cut: SnapshotEvent, known: readonly Publication[], history: number): string[] {
  const events = known.filter(({ event }) => event !== 'unread');
  const messages = events.slice(-history).filter(({ event }) => event === 'message');
  const lastOf = (name: string) => known.findLast(({ event }) => event === name)?.data;
  const pairs = [
    ['messages', cut.messages.map(({ id }) => id).join(' '), messages.map(({ data: { id } }) => id).join(' ')],
    ['the status', cut.status, lastOf('status')?.status ?? null],
    ['the unread count', cut.unread?.unread_num ?? null, lastOf('unread')?.unread_num ?? null],
  ] as const;
  return pairs
    .filter(([, got, expected]) => got !== expected)
    .map(([what, got, expected]) => `a snapshot of ${cut.case_id} at ${cut.id} has ${what} ${got}, not ${expected}`);
}

function isPublication(frame: Frame<EventName>): frame is Frame<'message' | 'status' | 'unread'> {
  return frame.event === 'message' || frame.event === 'status' || frame.event === 'unread';
}
