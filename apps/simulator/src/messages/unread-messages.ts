import { type IncomingMessage } from 'node:http';
import { type ApiError, invalidParameter } from '../api-error.js';
import { type Clock } from '../clock.js';
import { type Quirks } from '../quirks.js';
import { type Asked } from './case-endpoint.js';
import { type TicketStore } from './ticket-store.js';

const LIST = /^\/v2\/servicerequest\/cases\/instant-messages\/unread(?:\?|$)/;
const READ = /^\/v2\/servicerequest\/cases\/([^/?]+)\/instant-messages\/unread(?:\?|$)/;
const MAX_CASE_IDS = 100;
const MAX_ID_LENGTH = 64;
/** `status` of an answer: 1 online, 0 offline. */
const ONLINE = 1;

/**
 * `GET …/cases/instant-messages/unread`: how many messages of engineers the account has not read, and `POST
 * …/cases/{case_id}/instant-messages/unread`, which marks them as read.
 */
export class UnreadMessages {
  constructor(
    private readonly store: TicketStore,
    private readonly quirks: Quirks,
    private readonly clock: Clock,
  ) {}

  static isMeantBy({ method, url = '' }: IncomingMessage): boolean {
    return (method === 'GET' && LIST.test(url)) || (method === 'POST' && READ.test(url));
  }

  read(url: URL): Asked | ApiError {
    const marked = LIST.test(url.pathname) ? null : (READ.exec(url.pathname)?.[1] ?? '');
    return marked === null ? this.list(url.searchParams) : this.mark(decodeURIComponent(marked), url.searchParams);
  }

  private list(given: URLSearchParams): Asked | ApiError {
    const caseIds = [...new Set(given.getAll('case_ids').flatMap((each) => each.split(',')))];
    if (caseIds.length > MAX_CASE_IDS || caseIds.some((id) => id === '' || id.length > MAX_ID_LENGTH)) {
      return invalidParameter('case_ids');
    }
    const groupId = given.get('group_id') || undefined;
    return {
      caseIds,
      write: () => {
        const entries = caseIds.map((caseId) => {
          const ticket = this.store.ticket(caseId, groupId);
          const count = ticket.unread(this.clock.now());
          return `{"status":${ONLINE},${ticket.idMember},"unread_num":${count}}`;
        });
        if (this.quirks.current.null_fields) {
          entries.push('null', '{"status":null,"incident_id":null,"unread_num":null}');
        }
        return `{"imunread":[${entries.join(',')}]}`;
      },
    };
  }

  private mark(caseId: string, given: URLSearchParams): Asked | ApiError {
    if (caseId === '' || caseId.length > MAX_ID_LENGTH) return invalidParameter('case_id');
    const ticket = this.store.ticket(caseId, given.get('group_id') || undefined);
    return {
      caseIds: [caseId],
      write: () => {
        ticket.markRead(this.store.lastSeq);
        return '{}';
      },
    };
  }
}
