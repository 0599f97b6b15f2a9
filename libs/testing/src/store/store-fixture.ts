import type { Broker, InterestRegistry, SetStore } from '#core';
import type { ManualClock } from '../model/manual-clock.js';

/** Bounds of a store, small enough to be reached in a test. */
export interface StoreLimits {
  /** `UPSTREAM_MAX_CASE_IDS`. */
  readonly maxCaseIds: number;
  /** `HISTORY_MAX_EVENTS`. */
  readonly historyMax: number;
  /** `POLL_INTERVAL_MS`. */
  readonly intervalMs: number;
}

/** A store under test, with the brokers of two gateways. */
export interface StoreFixture {
  readonly store: SetStore;
  readonly registry: InterestRegistry;
  readonly brokers: readonly [Broker, Broker];
  readonly clock: ManualClock;
  dispose(): Promise<void>;
}

export type MakeStoreFixture = (limits: StoreLimits) => Promise<StoreFixture>;

/** The bounds in suites that do not test bounds. */
export const USUAL_LIMITS: StoreLimits = { maxCaseIds: 100, historyMax: 20, intervalMs: 1000 };
