import { setTimeout as sleep } from 'node:timers/promises';

import { clientOf } from '../clients/clients.js';
import type { Deployment } from '../processes/deployment.js';
import { CONFIDENTIAL } from '../log-faults.js';
import type { Posting, SimulatorControl } from './simulator-control.js';
import { tokenFor } from '../clients/tokens.js';

export interface TrafficOptions {
  readonly caseIds: readonly string[];
  readonly messages: number;
  readonly overMs: number;
  /** Further fields of each posting. */
  readonly with?: Partial<Posting>;
}

const STEP_MS = 50;

/** Posts messages evenly over a time span, to the tickets in turn. Each content is different. */
export async function postTraffic(upstream: SimulatorControl, options: TrafficOptions): Promise<void> {
  const { caseIds, messages, overMs } = options;
  const startedAt = Date.now();
  let posted = 0;
  while (posted < messages) {
    const due = Math.min(messages, Math.ceil(((Date.now() - startedAt + STEP_MS) / overMs) * messages));
    const batch: Posting[] = [];
    for (; posted < due; posted += 1) {
      const case_id = caseIds[posted % caseIds.length] ?? '';
      batch.push({ case_id, content: `${CONFIDENTIAL} ${posted + 1} of ${case_id}`, ...options.with });
    }
    if (batch.length > 0) await upstream.post(...batch);
    await sleep(STEP_MS);
  }
}

let tickets = 0;

/** Tickets that no other test of the file uses. */
export function freshTickets(count: number, name = 'ticket'): string[] {
  tickets += 1;
  return Array.from({ length: count }, (_, index) => `${name}-${tickets}-${index + 1}`);
}

/** A new ticket whose history has its status and this many messages: `past 1`, `past 2` and so on. */
export async function ticketWithPast(deployment: Deployment, messages: number): Promise<string> {
  const [caseId = ''] = freshTickets(1, 'past');
  const first = clientOf('sse', { token: await tokenFor(), caseIds: [caseId] });
  await first.open(deployment.gateway().url);
  // The status comes first, so the last events of the ticket are its messages.
  await first.recording.next('status');
  if (messages > 0) {
    await deployment.upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} past {n}`, count: messages });
    await first.recording.count(messages);
  }
  first.close();
  return caseId;
}
