import { createHash, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

import { Module } from '@nestjs/common';
import type { Logger } from 'pino';

import { OlderReader, PollCycle, type SetRef } from '#core';
import {
  figuresOf,
  createLogger,
  createOpsHandler,
  createRegistry,
  CredentialMetrics,
  EvictionReport,
  FailureLog,
  HealthState,
  LostJobsReport,
  OlderRequestMetrics,
  OverviewMetrics,
  programVersion,
  startTracing,
  PrometheusPollTelemetry,
  readSettings,
  RedisMetrics,
  StageMetrics,
  UpstreamMetrics,
  RedisReport,
  SampledLines,
  UpstreamReport,
} from '#ops';
import { createOsmClient, type OsmClient } from '#osm';
import {
  BullPollQueue,
  connectQueue,
  connectRedis,
  EvictionWatch,
  FeedLook,
  FeedVisits,
  Keys,
  LostJobs,
  OlderParts,
  NeedsWatch,
  RedisCredentialAttempts,
  RedisUpstreamLiveness,
  RedisClock,
  RedisInterestRegistry,
  AGE_BOUNDS_S,
  OverviewWatch,
  PingWatch,
  redisFailureOf,
  redisHosts,
  RedisQuota,
  RedisSetStore,
  serverIdentity,
  Survey,
  WakeChannel,
  WorkerPresence,
  type RedisClient,
} from '#redis';

import { CredentialsReport } from './credentials-report.js';
import { FairShare } from './fair-share.js';
import { LoginGate } from './login-gate.js';
import { MeasuredQuota } from './measured-quota.js';
import { OlderWorker } from './older-worker.js';
import { createUnreadRounds } from './create-unread-rounds.js';
import { OpsServer } from './ops.server.js';
import { PollProcessor } from './poll-processor.js';
import { PollReports } from './poll-reports.js';
import { PollSlots } from './poll-slots.js';
import { PollWorker } from './poll-worker.js';
import { QueueWatch } from './queue-watch.js';
import { Reconciler } from './reconciler.js';
import { TracedPollCycle, TracedSetStore, TracedUpstream } from './traced-polls.js';
import { WORKER_FIGURES, WorkerParticipant } from './worker-participant.js';
import { WorkerProgram } from './worker.program.js';

/**
 * How much longer a set lease is than the upstream's timeout, ms: half for sending the request, half for differing
 * clocks.
 */
const LEASE_MARGIN_MS = 1000;

/** Time in which one line tells of lost locks, ms, and sets that it names. */
const LOCKS_SPAN_MS = 5000;
const NAMED_MAX = 5;

/** 128 bits. The chance that two different messages of one ticket have the same digest is one in 10^38. */
const digest = (text: string) => createHash('sha256').update(text).digest('base64url').slice(0, 22);

/** The composition root of a worker: the only place that creates its parts. */
@Module({
  providers: [
    {
      provide: WorkerProgram,
      useFactory: async (): Promise<WorkerProgram> => {
        const settings = readSettings('worker');
        const logger: Logger = createLogger('worker', settings.logLevel);
        const tracing = await startTracing(settings, 'worker', logger);
        const redis: RedisReport = new RedisReport({
          logger,
          redis: redisHosts(settings.redisUrl),
          answers: () => commands.ping(),
        });
        const failures = new FailureLog(logger, redis, (error) => redisFailureOf(error, settings.redisPrefix));
        const failed = (part: string) => failures.of(part);

        const commands: RedisClient = connectRedis(settings, 'impatient', failed('redis'), {
          enableAutoPipelining: true,
        });
        const bull = connectQueue(settings, failed('redis'));
        const subscriber = connectRedis(settings, 'patient', failed('redis'));
        const keys = new Keys(settings.redisPrefix);
        const clock = new RedisClock(commands, failed('clock'));
        const registry = createRegistry('worker');
        const queue = new BullPollQueue(bull, keys, clock, failed('queue'));
        const report = new CredentialsReport(logger, new CredentialMetrics(registry));
        const upstream: OsmClient = createOsmClient(settings, {
          onSent: () => upstreamMetrics.sent(),
          ...(tracing && { traceparent: () => tracing.polls.traceparent() }),
          clock,
          userAgent: `pollcast/${programVersion()}`,
          attempts: (kind) => new RedisCredentialAttempts(commands, keys, kind),
          onCredentials: (outcome, text) => {
            report.tell(outcome, text);
            if (outcome === 'refused' || outcome === 'withheld') {
              void gate.check();
            }
          },
        });
        const upstreamMetrics = new UpstreamMetrics(
          registry,
          () => upstream.token,
          () => clock.now(),
        );
        const quota = new RedisQuota(commands, keys, settings.upstreamMaxRps);
        const telemetry = new PrometheusPollTelemetry(registry);
        const upstreamReport = new UpstreamReport(logger, () => clock.now());
        const owner = randomUUID();
        const parts = {
          store: tracing
            ? new TracedSetStore(tracing.polls, commands, keys, settings)
            : new RedisSetStore(commands, keys, settings),
          upstream: tracing ? new TracedUpstream(tracing.polls, upstream) : upstream,
          quota: new MeasuredQuota(quota, (ms) => upstreamMetrics.quotaWaited(ms)),
          liveness: new RedisUpstreamLiveness(commands, keys, failed('liveness')),
          clock,
          digest,
          telemetry: new PollReports(telemetry, upstreamReport, new StageMetrics(registry, ['committed'])),
          random: Math.random,
        };
        const options = {
          intervalMs: settings.pollIntervalMs,
          intervalMaxMs: settings.pollIntervalMaxMs,
          overlapMs: settings.pollOverlapMs,
          lease: {
            owner,
            leaseMs: settings.upstreamTimeoutMs + LEASE_MARGIN_MS,
            sendWithinMs: LEASE_MARGIN_MS / 2,
          },
        };
        const cycle = tracing ? new TracedPollCycle(tracing.polls, parts, options) : new PollCycle(parts, options);
        const disordered = failures.of('poll', 'error', 'a poll ended in disorder');
        const slots = new PollSlots(settings.workerConcurrency);
        const processor = new PollProcessor(cycle, clock, slots, (error, { feed, set }) =>
          disordered(error, { feed, set }),
        );
        const wake = new WakeChannel(commands, keys);
        const share = new FairShare({
          presence: new WorkerPresence(commands, keys, owner),
          queue,
          processor,
          clock,
          announce: () => wake.tellWorkersChanged(),
          onError: failed('share'),
        });
        const lockLines = new SampledLines(logger, LOCKS_SPAN_MS);
        const worker = new PollWorker(bull, keys, processor, share, failed('bullmq'), (jobIds) =>
          lockLines.say('locks', {
            level: 'warn',
            fields: { part: 'bullmq', sets: jobIds.length, named: jobIds.slice(0, NAMED_MAX) },
            text: 'the locks of sets were lost: Redis lost them, or it or this process stood still; the sets are given up',
          }),
        );
        const older = new OlderWorker({
          bull,
          keys,
          clock,
          kept: new OlderParts(commands, keys, clock),
          reader: new OlderReader({
            upstream,
            quota,
            clock,
            digest,
            wait: (ms) => delay(ms),
            onOutcome: new OlderRequestMetrics(registry).ended,
          }),
          onError: failed('older'),
        });
        const unread = createUnreadRounds({
          ...{ commands, keys, clock, settings, upstream, quota, registry, owner },
          isOpen: () => gate.isOpen,
          onError: failed('unread'),
        });
        const listener = { changed: (ref: SetRef) => processor.changed(ref), onWorkersChanged: () => share.update() };
        const gate: LoginGate = new LoginGate({
          logIn: () => upstream.logIn(),
          close: () => worker.pause(),
          open: async () => {
            await worker.resume();
            await wake.tellWorkersChanged();
          },
          onError: failed('login'),
        });
        const health = new HealthState();
        const needs = new NeedsWatch({ commands, subscriber, keys, hearsShards: false, onError: failed('redis') });
        health.require('redis', () => needs.areMet && !redis.isRefusing && isReady(commands));
        health.require('login', () => gate.isOpen);
        health.require('worker', () => worker.isRunning());
        const interest = new RedisInterestRegistry(commands, keys, settings, (feed, times) => {
          telemetry.keysLost(times);
          logger.warn(
            { feed, times },
            'keys were lost in Redis, and were made again: was something deleted or evicted?',
          );
        });
        const evictions = new EvictionReport(registry, logger);
        const lostJobs = new LostJobsReport(registry, logger);
        const visits = new FeedVisits(commands, keys);
        const redisMetrics = new RedisMetrics(registry);
        const pings = new PingWatch(commands);
        const overviewMetrics = new OverviewMetrics(registry, {
          now: () => clock.now(),
          intervalMs: settings.pollIntervalMs,
          ageBoundsS: AGE_BOUNDS_S,
        });
        const overviewWatch = new OverviewWatch({
          client: commands,
          keys,
          clock,
          maxCaseIds: settings.upstreamMaxCaseIds,
          onError: failed('overview'),
        });
        const participant = new WorkerParticipant({
          process: `${hostname()}/${process.pid}/${owner.slice(0, 4)}`,
          version: programVersion(),
          owner,
          processor,
          health,
          isLoggedIn: () => gate.isOpen,
          logger,
          figures: () => figuresOf(registry, WORKER_FIGURES, { upstream_max_rps: settings.upstreamMaxRps }),
        });
        const survey = new Survey({ commands, subscriber, keys }, participant, failed('survey'));
        return new WorkerProgram({
          settings,
          logger,
          clock,
          worker,
          older,
          unread,
          gate,
          queue,
          onWait: failures.of('start', 'warn', 'waiting for Redis'),
          redis,
          upstreamReport,
          needs,
          redisServer: () => serverIdentity(commands),
          watchOverview: () => overviewWatch.watch((overview) => overviewMetrics.report(overview)),
          overview: overviewWatch,
          watchPings: () => pings.watch((ms) => redisMetrics.pinged(ms)),
          pings,
          subscriptions: [
            () => wake.listen(subscriber, listener),
            () => quota.listen(subscriber),
            () => survey.listen(),
          ],
          announce: () => wake.tellWorkersChanged(),
          reconciler: new Reconciler({
            visits,
            look: new FeedLook(commands, keys, settings),
            registry: interest,
            watch: new QueueWatch({ queue, visits, clock }),
            jobs: new LostJobs(commands, keys, queue),
            clock,
            telemetry,
            onLostJobs: (jobs) => lostJobs.made(jobs),
            onError: failed('reconciler'),
          }),
          evictions: new EvictionWatch(commands, failed('redis')),
          watchEviction: (policy) => evictions.report(policy),
          health,
          ops: new OpsServer(createOpsHandler(health, registry)),
          connections: [commands, bull, subscriber],
          tracing,
        });
      },
    },
  ],
  exports: [WorkerProgram],
})
export class WorkerModule {}

async function isReady(client: RedisClient): Promise<boolean> {
  return (await client.ping()) === 'PONG';
}
