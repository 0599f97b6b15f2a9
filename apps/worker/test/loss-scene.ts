import { setTimeout as sleep } from 'node:timers/promises';

import {
  Hub,
  Interest,
  UpstreamFailure,
  type CaseId,
  type Clock,
  type Notice,
  type Publication,
  type Recovery,
  type ReplayPart,
  type StreamPosition,
  type Subscriber,
} from '#core';
import {
  BullPollQueue,
  connectRedis,
  DataLossWatch,
  RedisBroker,
  RedisInterestRegistry,
  type Keys,
  type Patience,
  type RedisClient,
} from '#redis';
import { FakeUpstream } from '#testing';

import { until } from '../../../test/harness/until.js';
import { LiveWorker } from './live-worker.js';

/** A key that is lost. */
export interface Loss {
  /** Names of keys of its kind, behind the prefix. */
  readonly kind: RegExp;
  /** The one that is deleted, behind the prefix. */
  readonly key: string;
  /** Which clients get a gap: the connected ones, or only one that resumes at another gateway. */
  readonly gap?: 'live' | 'resumed';
  /** Whose key it is. Jobs of the queue are given back before, unless it is lost while they run. */
  readonly of?: 'queue';
  readonly whileRunning?: boolean;
}

export const FEED = { language: 'en-us' };
/** Three sets. */
export const TICKETS: readonly CaseId[] = Array.from({ length: 12 }, (_, at) => `T${at}`);
/** The upstream refuses it until the key is lost. */
const REFUSED: CaseId = 'R';

const INTERVAL_MS = 500;
const BOUNDS = { historyMaxEvents: 100, historyTtlS: 3600, upstreamMaxCaseIds: 5, pollIntervalMs: INTERVAL_MS };
const OPTIONS = { historyMax: 100, tailMax: 100, idleMs: 30_000 };
const LINGER_MS = 30_000;
const POST_EVERY_MS = 200;
/** Traffic before the loss, and after it until another worker takes over, and after that, ms. */
const [BEFORE_MS, AFTER_MS, TAKEN_OVER_MS] = [2000, 1500, 3000];
/** Longest wait for the last message, ms. */
const LAST_MS = 15_000;

const clock: Clock = { now: () => Date.now() };

/** What one client got, in order. */
class DeliveryRecord implements Subscriber {
  readonly had: { readonly caseId: CaseId; readonly content: string; readonly at: number }[] = [];
  readonly gaps = new Set<CaseId>();
  readonly faults: string[] = [];
  upstream = 'ok';
  position: StreamPosition | null = null;

  async replay({ notices, publications }: ReplayPart): Promise<void> {
    notices.forEach((notice) => this.notify(notice));
    publications.forEach((publication) => this.deliver(publication));
  }

  recover({ notices, replay, position }: Recovery): void {
    notices.forEach((notice) => this.notify(notice));
    replay.forEach((publication) => this.deliver(publication));
    this.position = position;
  }

  deliver(publication: Publication): void {
    const { caseId, epoch, offset } = publication;
    this.position = { epoch, offset };
    const content = publication.kind === 'message' ? publication.message : `status ${publication.status}`;
    if (this.had.some((one) => one.caseId === caseId && one.content === content) && !this.gaps.has(caseId)) {
      this.faults.push(`${caseId} got ${content} again`);
    }
    this.had.push({ caseId, content, at: Date.now() });
  }

  notify(notice: Notice): void {
    if (notice.kind === 'gap') notice.caseIds.forEach((caseId) => this.gaps.add(caseId));
    if (notice.kind === 'upstream') this.upstream = notice.state.state;
  }
}

/** A worker, two gateways and their clients, with a key prefix of their own. One key is lost during their traffic. */
export class LossScene {
  /** Whether the key existed when it was deleted. */
  wasThere = false;
  private readonly upstream = new FakeUpstream({ clock });
  private readonly posted: { readonly caseId: CaseId; readonly text: string; readonly at: number }[] = [];
  private readonly live = new DeliveryRecord();
  private readonly resumed = new DeliveryRecord();
  private readonly clients: RedisClient[] = [];
  private readonly brokers: RedisBroker[] = [];
  private readonly workers: LiveWorker[] = [];
  private readonly queues: BullPollQueue[] = [];
  private readonly dataLoss: DataLossWatch[] = [];
  private isPosting = true;
  private isStopped = false;

  constructor(
    readonly loss: Loss,
    private readonly redisUrl: string,
    private readonly keys: Keys,
  ) {}

  async run(): Promise<void> {
    const [commands, first, second] = [this.connect('impatient'), this.hub('g1'), this.hub('g2')];
    const registry = new RedisInterestRegistry(commands, this.keys, BOUNDS);
    const queue = new BullPollQueue(this.connect('patient'), this.keys, clock, () => undefined);
    this.queues.push(queue);
    const interest = new Interest({ registry, queue, clock }, LINGER_MS);
    const dataLoss = new DataLossWatch(commands, this.keys, () => undefined);
    dataLoss.watch(() => interest.renew());
    this.dataLoss.push(dataLoss);
    this.upstream.refuse(REFUSED);
    TICKETS.forEach((caseId) => this.upstream.setStatus(caseId, 1));
    let worker = await this.worker();
    await interest.acquire(FEED, [...TICKETS, REFUSED]);
    await first.subscribe(FEED, { caseIds: [...TICKETS, REFUSED], from: { kind: 'start' }, history: 50 }, this.live);
    const traffic = this.traffic();
    await sleep(BEFORE_MS);
    const from = this.live.position;

    const isQueue = this.loss.of === 'queue';
    if (this.loss.key.endsWith(':failing')) {
      this.upstream.failNext(...Array.from({ length: 12 }, () => new UpstreamFailure('timeout', 'no answer')));
      await until(() => this.live.upstream === 'degraded', LAST_MS, 'the feed to be degraded');
    }
    if (isQueue && !this.loss.whileRunning) await worker.stop();
    await this.lose(commands);
    this.upstream.allow(REFUSED);
    if (!isQueue) await sleep(AFTER_MS);
    const stopping = isQueue && !this.loss.whileRunning ? Promise.resolve() : worker.stop();
    worker = await this.worker();
    await stopping;
    if (from !== null) {
      const request = {
        caseIds: TICKETS,
        from: { kind: 'position', position: from, isProven: true },
        history: 0,
      } as const;
      await second.subscribe(FEED, request, this.resumed);
    }
    await sleep(TAKEN_OVER_MS);
    this.isPosting = false;
    await traffic;
    await until(() => this.missing(this.live).length === 0 && this.live.upstream === 'ok', LAST_MS, 'all').catch(
      () => undefined,
    );
  }

  /** One sentence for each message that a client did not get, or got twice. */
  faults(): string[] {
    const { loss, live, resumed } = this;
    const found = [...live.faults, ...resumed.faults.map((fault) => `resumed: ${fault}`)];
    if (live.upstream !== 'ok') found.push(`the upstream is still ${live.upstream}`);
    if (live.gaps.size > 0 && loss.gap !== 'live') found.push(`an untrue gap: ${[...live.gaps].join()}`);
    if (resumed.gaps.size > 0 && loss.gap === undefined) {
      found.push(`resumed: an untrue gap: ${[...resumed.gaps].join()}`);
    }
    found.push(...this.missing(live).map((text) => `${text} never came`));
    const start = this.live.had.findIndex(({ content }) => content === this.resumed.had[0]?.content);
    const due = live.had.slice(start).filter(({ caseId }) => caseId !== REFUSED);
    const lost = due.filter(
      ({ caseId, content }) => !resumed.gaps.has(caseId) && !resumed.had.some((one) => one.content === content),
    );
    found.push(...lost.map(({ content }) => `resumed: ${content} never came`));
    return found;
  }

  /** The longest time between the post of a message and its delivery, ms. */
  get longestMs(): number {
    const times = this.posted
      .filter(({ caseId }) => caseId !== REFUSED)
      .map(({ text, at }) => (this.live.had.find(({ content }) => content.includes(text))?.at ?? Infinity) - at);
    return Math.max(...times);
  }

  async stop(): Promise<void> {
    this.isPosting = false;
    this.isStopped = true;
    this.dataLoss.forEach((watch) => watch.stop());
    this.brokers.forEach((broker) => broker.stop());
    await Promise.all(this.workers.map((worker) => worker.stop().catch(() => undefined)));
    await Promise.all(this.queues.map((queue) => queue.close()));
    this.clients.forEach((client) => client.disconnect());
  }

  /** Texts that a client did not get. Messages of a refused ticket arrive when its quarantine is lost. */
  private missing({ gaps, had }: DeliveryRecord): string[] {
    const isAwaited = (caseId: CaseId) => caseId !== REFUSED || this.loss.key.endsWith(':apart');
    const contents = had.map(({ content }) => content);
    return this.posted
      .filter(
        ({ caseId, text }) => isAwaited(caseId) && !gaps.has(caseId) && !contents.some((one) => one.includes(text)),
      )
      .map(({ text }) => text);
  }

  private async traffic(): Promise<void> {
    for (let number = 0; this.isPosting; number += 1) {
      for (const caseId of number % 10 === 0 ? [REFUSED, TICKETS[0] ?? ''] : [TICKETS[number % TICKETS.length] ?? '']) {
        const text = `${caseId} number ${number}.`;
        this.posted.push({ caseId, text, at: Date.now() });
        this.upstream.post(caseId, { content: text });
      }
      await sleep(POST_EVERY_MS);
    }
  }

  private async lose(client: RedisClient): Promise<void> {
    const name = this.keys.dataId.replace(/life$/, this.loss.key);
    const deadline = Date.now() + 2000;
    while (!this.wasThere && Date.now() < deadline) {
      this.wasThere = (await client.del(name)) === 1;
      if (!this.wasThere) await sleep(5);
    }
  }

  private hub(gateway: string): Hub {
    const [commands, subscriber] = [this.connect('impatient'), this.connect('impatient')];
    const parts = { commands, subscriber, keys: this.keys, clock, gateway, onError: () => undefined };
    const broker = new RedisBroker(parts, BOUNDS);
    this.brokers.push(broker);
    // A hub repairs for ever; its connection is closed at the end.
    const wait = (ms: number) => (this.isStopped ? new Promise<void>(() => undefined) : sleep(ms));
    return new Hub({ broker, wait }, OPTIONS);
  }

  private async worker(): Promise<LiveWorker> {
    const worker = await LiveWorker.start({
      redisUrl: this.redisUrl,
      keys: this.keys,
      clock,
      upstream: this.upstream,
      bounds: BOUNDS,
      onError: () => undefined,
      maxRps: 1000,
    });
    worker.reconcile();
    this.workers.push(worker);
    return worker;
  }

  private connect(patience: Patience): RedisClient {
    const client = connectRedis({ redisUrl: this.redisUrl, redisPrefix: '' }, patience, () => undefined);
    this.clients.push(client);
    return client;
  }
}
