export { connect } from './client.js';
export type { Client, ConnectOptions, Handlers, Subscription } from './client-api.js';
export type {
  Backfilled,
  Closing,
  ConnectionState,
  EventData,
  Gap,
  GatewayEvent,
  Ready,
  Refusal,
  Revoked,
  TicketMessage,
  TicketStatus,
  TicketUnread,
  Transport,
  UpstreamState,
} from './events.js';
export { fromSnapshots, type CaseSnapshot, type Hydration } from './hydration.js';
export { indexedDbStore, sessionStore, type PositionStore } from './store.js';
export type { Kept } from './machine-io.js';
export { messagesOf, ticketView, type TicketSnapshot, type TicketView } from './ticket-view.js';
