import { content } from '../load/marker.js';
import { ticketName } from '../load/commands.js';
import type { Posting } from './contender.js';

/** An event id with the length of Pollcast's ids. */
export const eventId = (number: number) => `bench-epoch-0001:${number}`;

/** The data of an event as Pollcast would write it, for the other contenders. */
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
