export { BullPollQueue, POLL_DELAY_MAX_MS, POLL_QUEUE, type PollJob } from './bull-poll-queue.js';
export { connectRedis, type Patience, type RedisClient, type RedisSettings } from './connection.js';
export { Keys } from './keys.js';
export { RedisBroker, type RedisBrokerParts } from './redis-broker.js';
export { RedisClock } from './redis-clock.js';
export { RedisInterestRegistry } from './redis-interest-registry.js';
export { RedisQuota } from './redis-quota.js';
export { RedisSetStore, type HistoryBounds } from './redis-set-store.js';
export { WakeChannel, type WakeListener } from './wake-channel.js';
