import type { TicketMessage } from './events.js';
import type { PositionStore } from './store.js';
import type { TicketSnapshot } from './ticket-view.js';

/** The answer of `GET /v1/cases/{case_id}/snapshot`: a ticket at one position (PROTOCOL.md, H11). */
export interface CaseSnapshot {
  /** The position. */
  readonly id: string;
  readonly case_id: string;
  /** 0: unread, 1: read; null: not known. */
  readonly status: number | null;
  readonly messages: readonly TicketMessage[];
  readonly revoked: boolean;
  readonly pending: boolean;
}

/** What a page goes on from. */
export interface Hydration {
  /** For the hooks of the frameworks and `ticketView`: what is rendered, on the server and in the page. */
  readonly initial: Partial<TicketSnapshot>;
  /** For `connect`: the connection goes on where the snapshots end. */
  readonly store: PositionStore;
}

/**
 * What was rendered, and where the stream goes on: nothing is lost between them, and nothing comes twice. Several snapshots have
 * several positions. The stream goes on from the oldest, and what is in the snapshots already is dropped.
 *
 * @param snapshots at least one, all of one group and language; the same on the server and in the page
 * @throws Error if there is none
 */
export function fromSnapshots(snapshots: readonly CaseSnapshot[]): Hydration {
  const [position] = snapshots.map(({ id }) => id).sort();
  if (position === undefined) throw new Error('fromSnapshots got no snapshot: pass one for each ticket of the page');
  const caseIds = snapshots.map(({ case_id: id }) => id);
  const ids = (which: 'revoked' | 'pending') => snapshots.filter((each) => each[which]).map((each) => each.case_id);
  const statuses = snapshots.flatMap(({ case_id: id, status }) => (status === null ? [] : [[id, status] as const]));
  return {
    initial: {
      messages: snapshots.flatMap(({ messages }) => messages).sort((one, other) => (one.id < other.id ? -1 : 1)),
      status: Object.fromEntries(statuses),
      isReady: true,
      pending: ids('pending'),
      revoked: ids('revoked'),
    },
    store: { load: () => ({ position, caseIds }), save: () => undefined },
  };
}
