import { type IncomingMessage } from 'node:http';
import { type ApiError, invalidParameter } from '../api-error.js';
import { type Clock } from '../clock.js';
import { type Quirks } from '../quirks.js';
import { ordered } from './answer.js';
import { type Asked } from './case-endpoint.js';
import { type TicketStore } from './ticket-store.js';

const PATH = /^\/v2\/servicerequest\/cases\/([^/?]+)\/instant-messages\/more(?:\?|$)/;
const MAX_ID_LENGTH = 64;
const MAX_LIMIT = 100;
/** Milliseconds. The models call `create_time` a time stamp and show no example. */
const TIME_STAMP = /^\d{13}$/;

/**
 * `GET …/cases/{case_id}/instant-messages/more`: the newest messages before a time. `create_time`, `type` and `limit` are
 * required in the official models. `type` is that of the message from which a client goes on, and chooses nothing. Whether
 * messages exactly at the time are among them is not documented (`cursor_bound`).
 */
export class MoreMessages {
  constructor(
    private readonly store: TicketStore,
    private readonly quirks: Quirks,
    private readonly clock: Clock,
  ) {}

  static isMeantBy({ method, url = '' }: IncomingMessage): boolean {
    return method === 'GET' && PATH.test(url);
  }

  read(url: URL): Asked | ApiError {
    const caseId = decodeURIComponent(PATH.exec(url.pathname)?.[1] ?? '');
    const given = url.searchParams;
    const [time = '', type = '', limit = ''] = ['create_time', 'type', 'limit'].map((name) => given.get(name) ?? '');
    if (caseId === '' || caseId.length > MAX_ID_LENGTH) return invalidParameter('case_id');
    if (!TIME_STAMP.test(time)) return invalidParameter('create_time');
    if (type !== '0' && type !== '1') return invalidParameter('type');
    if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > MAX_LIMIT) return invalidParameter('limit');
    const ticket = this.store.ticket(caseId, given.get('group_id') || undefined);
    const trims = given.get('trim_osm_rich_text_label') !== 'false';
    return {
      caseIds: [caseId],
      write: (zone) => {
        const quirks = this.quirks.current;
        const now = this.clock.now();
        const bound = Number(time) + (quirks.cursor_bound === 'inclusive' ? 1 : 0);
        const visible = ticket.messages.filter((message) => message.visibleAt <= now);
        const found = visible.filter((message) => message.timeMs < bound).slice(-Number(limit));
        const look = { zone, quirks, trims, isNextRelease: quirks.message_form === 'next_release' };
        const list = ordered(found, quirks).map((message) => message.json(look));
        if (quirks.null_fields) list.push('null');
        return `{"count":${visible.length},"message_list":[${list.join(',')}]}`;
      },
    };
  }
}
