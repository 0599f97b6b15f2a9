// model: what both stories speak of
export type * from './model/clock.js';
export * from './model/bounded-map.js';
export * from './model/feed.js';
export * from './model/fingerprint.js';
export * from './model/json.js';
export * from './model/message-class.js';
export type * from './model/older-part.js';
export * from './model/publication.js';
export * from './model/set-ref.js';
export * from './model/stream-position.js';
export * from './model/ticket.js';
export * from './model/upstream-failure.js';

// polling: one ticket set, from due to committed
export * from './polling/bisection.js';
export * from './polling/cadence.js';
export * from './polling/cursor-history.js';
export * from './polling/delta.js';
export * from './polling/poll-cycle.js';
export * from './polling/set-lease.js';
export * from './polling/ticket-set.js';
export * from './polling/unread-round.js';
export * from './polling/ports/credential-attempts.js';
export * from './polling/older-answer.js';
export * from './polling/older-reader.js';
export * from './polling/ports/older-upstream.js';
export type * from './polling/ports/poll-queue.js';
export * from './polling/ports/quota.js';
export * from './polling/ports/set-store.js';
export type * from './polling/ports/telemetry.js';
export type * from './polling/ports/unread-store.js';
export type * from './polling/ports/unread-upstream.js';
export type * from './polling/ports/upstream.js';
export type * from './polling/ports/upstream-liveness.js';

// fan-out: from what was published to the subscribers of one gateway
export * from './fan-out/feed-stream.js';
export { claimOf } from './fan-out/history-wants.js';
export * from './fan-out/hub.js';
export * from './fan-out/polling-watch.js';
export * from './fan-out/recovery.js';
export { REPLAY_BOUNDS, type ReplayBounds } from './fan-out/replay.js';
export * from './fan-out/subscription.js';
export * from './fan-out/tail.js';
export type * from './fan-out/ports/broker.js';
export type * from './fan-out/ports/due-times.js';
export type * from './fan-out/ports/older-messages.js';

// interest: who wants what, as leases
export * from './interest/interest.js';
export { type AnswerTimes } from './interest/last-answers.js';
export { TooManyUnknownTickets } from './interest/unknown-tickets.js';
export * from './interest/ports/interest-registry.js';
