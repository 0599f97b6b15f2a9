import { setTimeout as delay } from 'node:timers/promises';
import type { Registry } from 'prom-client';
import { UnreadRound, type Clock, type Quota, type UnreadUpstream } from '#core';
import { UnreadMetrics, type WorkerSettings } from '#ops';
import { RedisUnreadStore, type Keys, type RedisClient } from '#redis';
import { UnreadRounds } from './unread-rounds.js';

/** A claim outlasts a request and its wait for a turn by this, ms. */
const CLAIM_MARGIN_MS = 1000;

export interface UnreadRoundsContext {
  readonly commands: RedisClient;
  readonly keys: Keys;
  readonly clock: Clock;
  readonly settings: WorkerSettings;
  readonly upstream: UnreadUpstream;
  readonly quota: Quota;
  readonly registry: Registry;
  /** Name of this worker. */
  readonly owner: string;
  readonly isOpen: () => boolean;
  readonly onError: (error: unknown) => void;
}

/** Makes what asks for unread counts. A part of the composition root. */
export function createUnreadRounds(context: UnreadRoundsContext): UnreadRounds {
  const { commands, keys, clock, settings, upstream, quota, registry, owner, isOpen, onError } = context;
  const { pollIntervalMs: intervalMs, upstreamMaxCaseIds: maxCaseIds, upstreamTimeoutMs } = settings;
  const store = new RedisUnreadStore(commands, keys, clock, settings);
  const wait = (ms: number) => delay(ms);
  const onOutcome = new UnreadMetrics(registry).ended;
  const claimMs = 2 * upstreamTimeoutMs + CLAIM_MARGIN_MS;
  const round = new UnreadRound(
    { upstream, store, quota, clock, wait, onOutcome },
    { intervalMs, maxCaseIds, claimMs, owner },
  );
  return new UnreadRounds({ round, store, clock, intervalMs, isOpen, onError });
}
