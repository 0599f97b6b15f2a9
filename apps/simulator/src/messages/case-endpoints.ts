import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type Clock } from '../clock.js';
import { CaseEndpoint, type CaseEndpointParts } from './case-endpoint.js';
import { MoreMessages } from './more-messages.js';
import { type TicketStore } from './ticket-store.js';
import { UnreadMessages } from './unread-messages.js';

/** The endpoints of messages besides the poll. */
export class CaseEndpoints {
  private readonly more: CaseEndpoint;
  private readonly unread: CaseEndpoint;

  constructor(parts: CaseEndpointParts, store: TicketStore, clock: Clock) {
    const more = new MoreMessages(store, parts.quirks, clock);
    this.more = new CaseEndpoint('more', parts, (url) => more.read(url));
    const unread = new UnreadMessages(store, parts.quirks, clock);
    this.unread = new CaseEndpoint('unread', parts, (url) => unread.read(url));
  }

  /** Answers the request if it is for one of them. @returns whether it is */
  serves(req: IncomingMessage, res: ServerResponse): boolean {
    const endpoint = MoreMessages.isMeantBy(req) ? this.more : UnreadMessages.isMeantBy(req) ? this.unread : undefined;
    endpoint?.handle(req, res);
    return endpoint !== undefined;
  }
}
