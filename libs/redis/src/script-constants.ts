import {
  ABOUT_TO_POLL_MS,
  DEGRADED_AFTER_FAILURES,
  HINT_PAUSE_MS,
  QUARANTINE_FIRST_MS,
  QUARANTINE_MAX_MS,
  RESERVATION_MAX_MS,
  RESERVATIONS_SUSPENDED_MS,
  UNKNOWN_SHARE,
} from '#core';

import { publishCommand, type RedisClient } from './connection.js';

/** After a throttling the pace of requests grows for this long, ms. Then there is no limit but `UPSTREAM_MAX_RPS`. */
export const QUOTA_RAMP_MS = 12_000;

/** The quota's keys outlive their last use by this, ms. */
export const QUOTA_KEPT_MS = 3_600_000;

/** What is counted of a subject outlives the last change by this, ms. Gateways write it again three times in this time. */
export const CONNECTIONS_KEPT_MS = 3_600_000;

/** How long a part of what the upstream has is kept for others who want it, ms, and how many bytes all parts have at most. */
export const OLDER_KEPT_MS = 300_000;
const OLDER_MAX_BYTES = 33_554_432;

/** How many events of histories one script reads at most. It bounds how long Redis does nothing else: some milliseconds. */
const READ_MAX_EVENTS = 1000;

/** The settings of this process that scripts depend on, where a store has them. */
export interface ScriptSettings {
  /** `UPSTREAM_MAX_CASE_IDS`. */
  readonly upstreamMaxCaseIds?: number;
  /** `UPSTREAM_MAX_RPS`. */
  readonly upstreamMaxRps?: number;
  /** `HISTORY_MAX_EVENTS`. */
  readonly historyMaxEvents?: number;
  /** `HISTORY_TTL_S`. */
  readonly historyTtlS?: number;
  /** `POLL_INTERVAL_MS`. */
  readonly pollIntervalMs?: number;
}

/** What never changes while a process runs, by the names under which scripts declare it (`-- @constant NAME`). */
export type ScriptConstants = Readonly<Record<string, string | number | undefined>>;

export function scriptConstants(client: RedisClient, settings: ScriptSettings): ScriptConstants {
  const { historyTtlS } = settings;
  return {
    ABOUT_TO_POLL_MS,
    CONNECTIONS_KEPT_MS,
    DEGRADED_AFTER_FAILURES,
    HINT_PAUSE_MS,
    OLDER_KEPT_MS,
    OLDER_MAX_BYTES,
    QUARANTINE_FIRST_MS,
    QUARANTINE_MAX_MS,
    QUOTA_KEPT_MS,
    QUOTA_RAMP_MS,
    READ_MAX_EVENTS,
    RESERVATION_MAX_MS,
    RESERVATIONS_SUSPENDED_MS,
    UNKNOWN_SHARE,
    PUBLISH: publishCommand(client),
    HISTORY_MAX_EVENTS: settings.historyMaxEvents,
    HISTORY_TTL_MS: historyTtlS === undefined ? undefined : historyTtlS * 1000,
    POLL_INTERVAL_MS: settings.pollIntervalMs,
    UPSTREAM_MAX_CASE_IDS: settings.upstreamMaxCaseIds,
    UPSTREAM_MAX_RPS: settings.upstreamMaxRps,
  };
}
