import { content } from '../load/marker.js';
import { ticketName } from '../load/orders.js';
import type { Posting } from './contender.js';

/** An event id of the length that Pollcast's have. */
export const eventId = (number: number) => `bench-epoch-0001:${number}`;

/** The data of an event as Pollcast would write it, for those that do not. */
export function eventData({ ticket, number }: Posting): string {
  const now = new Date().toISOString();
  return JSON.stringify({
    id: eventId(number),
    case_id: ticketName(ticket),
    message: {
      type: 1,
      replier_type: 1,
      replier: 'engineer-1',
      content: content(number),
      create_time: now.slice(0, 19).replace('T', ' '),
      replier_name: 'Engineer 1',
      iam_user_type: 0,
      accessory_list: [],
    },
    sent_at: now,
    seen_at: now,
  });
}
