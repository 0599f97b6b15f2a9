import type { GatewayEvent, Refusal } from './events.js';
import type { Request } from './machine-io.js';

/** What a transport tells. After `refused` of an `open`, and after `ended`, it tells nothing more. */
export interface TransportListener {
  event(event: GatewayEvent): void;
  /** A byte that is no event. @param reason why the tab with the connection has none at present */
  alive(reason?: string): void;
  refused(refusal: Refusal): void;
  ended(message: string): void;
  /** Resolves when more events may be given: the handlers are behind. A transport that can wait stops reading. */
  room(): Promise<void>;
}

export interface TransportRequest extends Request {
  /** The gateway, without a slash at its end. */
  readonly url: string;
  readonly token: string | null;
  readonly groupId: string | undefined;
  readonly language: string | undefined;
  /** How many of the last events of a ticket come without a position. */
  readonly history: number | undefined;
  /** Whether unread counts are told, too. */
  readonly unread?: boolean | undefined;
  /** Which client this is (A9): its new connection takes the place of its former one. */
  readonly clientId: string;
}

/** One connection. */
export interface Link {
  close(): void;
  /** Socket.IO alone: more tickets on the same connection. */
  join?(request: Request): void;
  leave?(caseIds: readonly string[]): void;
  authenticate?(token: string | null): void;
}

export type OpenTransport = (request: TransportRequest, listener: TransportListener) => Link;

/** The members of a request as the gateway reads them, in a query or in a body. */
export function parameters({ caseIds, position, groupId, language, history, unread, clientId }: TransportRequest) {
  return {
    case_ids: caseIds,
    ...(groupId !== undefined && { group_id: groupId }),
    ...(language !== undefined && { language }),
    ...(history !== undefined && { history }),
    ...(unread && { unread: 1 }),
    ...(position !== null && { last_event_id: position }),
    client_id: clientId,
  };
}
