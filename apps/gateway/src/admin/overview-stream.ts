import type { ServerResponse } from 'node:http';
import type { Clock } from '#core';
import type { Overview, SetFacts, Survey } from '#redis';
import { Refusal } from '#protocol';
import { shownFeedFacts, shownSet, instant, type WorkerName } from './case-facts.js';
import type { OperatorStore } from './operator-store.js';

/** Time between two overviews, ms: how often one process of the deployment looks at everything. */
const TICK_MS = 2000;
/** Most streams of one gateway process. One overview serves all of them. */
const WATCHERS_MAX = 20;
/** Feeds, sets and quarantined tickets of one overview. `GET /admin/feeds` and `/admin/sets` have pages of all. */
const FEEDS_MAX = 50;
const SETS_MAX = 100;
const QUARANTINED_MAX = 100;
/** A stream that is not read is ended when this much waits, bytes. */
const UNSENT_MAX_BYTES = 1_048_576;
const RETRY_MS = 5000;

export interface OverviewStreamParts {
  readonly reads: OperatorStore['reads'];
  readonly survey: Pick<Survey, 'ask'>;
  readonly clock: Clock;
  /** `POLL_INTERVAL_MS` */
  readonly pollIntervalMs: number;
  readonly onError: (error: unknown) => void;
}

/**
 * `GET /admin/stream`: the state of the deployment, every two seconds, for as long as somebody watches. Nobody watching
 * costs nothing, and many watching cost as much as one.
 */
export class OverviewStream {
  private readonly watchers = new Set<ServerResponse>();
  private timer: NodeJS.Timeout | undefined;
  private latest: string | null = null;
  private hasFailed = false;

  constructor(private readonly parts: OverviewStreamParts) {}

  /** @throws {Refusal} `too_many` */
  open(response: ServerResponse): void {
    if (this.watchers.size >= WATCHERS_MAX) {
      throw new Refusal('too_many', `${WATCHERS_MAX} streams of operators are open at this gateway`, {
        retryMs: RETRY_MS,
      });
    }
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    response.write(`retry: ${TICK_MS}\n`); // A part of the first block, as on the clients' streams.
    this.watchers.add(response);
    response.on('close', () => this.closed(response));
    if (this.watchers.size === 1) {
      void this.tick();
    } else if (this.latest !== null) {
      response.write(this.latest);
    }
  }

  private closed(response: ServerResponse): void {
    this.watchers.delete(response);
    if (this.watchers.size === 0) {
      clearTimeout(this.timer);
      this.latest = null;
    }
  }

  private async tick(): Promise<void> {
    const text = await this.told();
    if (this.watchers.size === 0) {
      return;
    }
    this.latest = text;
    for (const response of this.watchers) {
      if (response.writableLength > UNSENT_MAX_BYTES) response.destroy();
      else response.write(text);
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.tick(), TICK_MS);
    this.timer.unref();
  }

  /** A store that is out of reach is an event, and one line: it is what an operator wants to see. */
  private async told(): Promise<string> {
    try {
      const text = `event: overview\ndata: ${JSON.stringify(await this.look())}\n\n`;
      this.hasFailed = false;
      return text;
    } catch (error) {
      if (!this.hasFailed) this.parts.onError(error);
      this.hasFailed = true;
      return `event: unavailable\ndata: ${JSON.stringify({ at: new Date().toISOString(), reason: 'store' })}\n\n`;
    }
  }

  private async look(): Promise<object> {
    const { reads, survey, clock, pollIntervalMs } = this.parts;
    const [{ answers, silent }, overview, opensAt, names] = await Promise.all([
      survey.ask({ kind: 'figures' }),
      reads.overview(),
      reads.quotaOpensAt(),
      reads.feedNames(),
    ]);
    const now = clock.now();
    const shown = names.slice(0, FEEDS_MAX);
    const feeds = await Promise.all(shown.map((feed) => reads.feed(feed)));
    const sets = (await Promise.all(shown.map((feed) => reads.sets(feed, 0, SETS_MAX)))).flat().slice(0, SETS_MAX);
    const quarantined = await Promise.all(
      feeds.map(({ feed, quarantined: count }) =>
        count > 0 ? reads.quarantined(feed, QUARANTINED_MAX) : Promise.resolve([]),
      ),
    );
    const workers = answers.filter(({ role }) => role === 'worker');
    const ids: WorkerName[] = workers.map(({ process, answer }) => ({ process, id: (answer as { id: string }).id }));
    return {
      at: instant(now),
      poll_interval_ms: pollIntervalMs,
      totals: overview && shownOverview(overview, sets, now),
      quota_opens_at: opensAt > now ? instant(opensAt) : null,
      feeds: feeds.map((feed) => shownFeedFacts(feed, now)),
      more_feeds: Math.max(0, names.length - FEEDS_MAX),
      sets: sets.map((set) => ({ feed: set.feed, ...shownSet(set, ids, now) })),
      quarantined: quarantined
        .flat()
        .slice(0, QUARANTINED_MAX)
        .map(({ feed, caseId, until, refusals }) => ({
          feed,
          case_id: caseId,
          until: Number.isFinite(until) ? instant(until) : null,
          refusals,
        })),
      workers: workers.map(({ process, answer }) => ({ process, ...answer })),
      gateways: answers.filter(({ role }) => role === 'gateway').map(({ process, answer }) => ({ process, ...answer })),
      silent_processes: silent,
    };
  }
}

/** @param listed sets that were read just now */
function shownOverview(overview: Overview, listed: readonly SetFacts[], now: number): object {
  const { at, feeds, sets, tickets, quarantined, floor, jobs } = overview;
  const since = Math.max(0, now - at);
  return {
    feeds,
    sets,
    tickets,
    quarantined,
    stalest_set_ms: sets === 0 ? 0 : Math.round(stalestMs(overview, listed, now)),
    floor_per_interval: floor,
    jobs,
    looked_ms_ago: since,
  };
}

/** Exact if every set was read just now and has an answer; else as at the last look, and grown on since. */
function stalestMs({ at, sets, stalestSetMs }: Overview, listed: readonly SetFacts[], now: number): number {
  const ages = listed.flatMap(({ answeredAt }) => (answeredAt === null ? [] : [now - answeredAt]));
  return ages.length >= sets && listed.length === ages.length
    ? Math.max(0, ...ages)
    : stalestSetMs + Math.max(0, now - at);
}
