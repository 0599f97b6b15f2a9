import { account } from '../harness/upstream/account.js';
import { Recording } from '../harness/clients/recording.js';
import type { Posted } from '../harness/upstream/simulator-control.js';
import type { ResumingClient } from './resuming-client.js';
import { snapshotFaults } from './snapshot-faults.js';

/**
 * What is wrong with the recording of one client, one sentence each.
 *
 * While Redis keeps its data, the client has to get everything that was posted: once, in order, without a gap. When Redis
 * has lost data, the client gets a `gap` (`unknown_position`). Then it gets everything that the upstream still shows, once
 * and in order, also what it had before. So within an epoch that has ended, no message may be doubled, out of order or
 * missing between two others. Of the last epoch, no message may be lost.
 *
 * @param losses how often Redis has lost data
 */
export function faultsOf(client: ResumingClient, posted: readonly Posted[], losses: number): string[] {
  const parts = partsOf(client.recording);
  const { snapshot, history = 0 } = client.options;
  const last = parts.at(-1) ?? new Recording();
  const faults: string[] = [];
  for (const part of parts) {
    const { lost, doubled, disordered, gaps } = account(posted, part);
    const tell = (what: string, which: readonly string[]) => which.forEach((each) => faults.push(`${what}: ${each}`));
    if (part === last) tell('lost', lost);
    else tell('left out', leftOut(posted, part));
    tell('doubled', doubled);
    tell('out of order', disordered);
    tell('a gap that need not be', gaps);
    if (snapshot) tell('at a seam', snapshotFaults(part, history, part === parts[0]));
  }
  const begun = epochs(client.recording).size - 1;
  if (begun > losses) faults.push(`${begun} new epochs, but Redis forgot ${losses} times`);
  if (losses === 0 && parts.length > 1) faults.push('told of an unknown position while Redis forgot nothing');
  return faults.map((fault) => `${client.name}: ${fault}`);
}

/** The last unread count that the client was told of a ticket, where it is not the upstream's. */
export function unreadFaults(client: ResumingClient, counts: ReadonlyMap<string, number>): string[] {
  if (!client.options.unread) return [];
  const told = new Map(client.recording.of('unread').map(({ data }) => [data.case_id, data.unread_num]));
  return client.caseIds
    .filter((caseId) => told.get(caseId) !== counts.get(caseId))
    .map((caseId) => `${client.name}: lost: ${counts.get(caseId)} unread of ${caseId}, not ${told.get(caseId)}`);
}

/** Messages that are missing in an epoch that has ended, between two others of their ticket. */
function leftOut(posted: readonly Posted[], part: Recording): string[] {
  const tickets = new Set(posted.map(({ case_id }) => case_id));
  const bySeq = [...posted].sort((a, b) => a.seq - b.seq);
  return [...tickets].flatMap((ticket) => {
    const expected = bySeq.filter(({ case_id }) => case_id === ticket).map(({ content }) => content);
    const got = part.messages.filter(({ data }) => data.case_id === ticket);
    const at = got.findIndex(({ data }, index) => data.message['content'] !== expected[index]);
    return at < 0 ? [] : [`${expected[at]} of ${ticket}, before ${String(got[at]?.data.message['content'])}`];
  });
}

/** The recording, split at each `gap` with `unknown_position`. */
function partsOf(recording: Recording): Recording[] {
  const parts = [new Recording()];
  for (const frame of recording.frames) {
    const isEnd = frame.event === 'gap' && (frame.data as { reason?: string }).reason === 'unknown_position';
    if (isEnd) parts.push(new Recording());
    else parts.at(-1)?.add(frame);
  }
  return parts;
}

function epochs(recording: Recording): Set<string> {
  const ids = recording.frames.flatMap(({ id }) => (id === null ? [] : [id.split('-')[0] ?? '']));
  return new Set(ids.filter((epoch) => epoch !== ''));
}
