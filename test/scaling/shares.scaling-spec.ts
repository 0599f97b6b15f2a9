import { setTimeout as sleep } from 'node:timers/promises';

import { clientOf } from '../harness/clients/clients.js';
import { tokenFor } from '../harness/clients/tokens.js';
import { Deployment } from '../harness/processes/deployment.js';
import type { Program } from '../harness/processes/program.js';
import { freshTickets } from '../harness/upstream/traffic.js';
import { until } from '../harness/until.js';

const INTERVAL_MS = 1000;
const LATENCY_MS = 300;
/** One worker makes 6.7 of the 24 polls a second, four make 26 at most. */
const [CONCURRENCY, SETS] = [2, 24];
const WORKERS = 8;
/** Times that one worker becomes four. */
const TIMES = 5;
/** From the start of three more workers on, no set may be older than two intervals after this long, ms. */
const HEALS_MS = 15_000;
/** From this long after a change of the number of workers on (ms), and for this long, each has its share. */
const [SETTLED_MS, HELD_MS] = [15_000, 90_000];
const WINDOWS = 6;
/** The part of its equal share of polls that each worker has at least. */
const LEAST = 0.5;
/** An overload has healed if no set is old for this long, ms. */
const FRESH_MS = 5000;
const LOOK_MS = 250;

/** Real workers that come, are stopped, killed and frozen, and come back. There is no leader. */
describe('workers under overload', () => {
  const deployment = new Deployment({
    workers: WORKERS,
    settings: {
      POLL_INTERVAL_MS: String(INTERVAL_MS),
      POLL_INTERVAL_MAX_MS: String(INTERVAL_MS),
      UPSTREAM_MAX_CASE_IDS: '1',
      WORKER_CONCURRENCY: String(CONCURRENCY),
    },
  });
  const say = (line: string) => void process.stderr.write(`scaling  ${line}\n`);

  beforeAll(async () => {
    await deployment.start();
    await deployment.upstream.change({ latency_ms: LATENCY_MS });
    await stop(deployment.workers.slice(1));
    const client = clientOf('sse', { token: await tokenFor(), caseIds: freshTickets(SETS) });
    await client.open(deployment.gateway().url);
  }, 120_000);
  afterAll(() => deployment.dispose(), 60_000);

  /** Seconds since the upstream last answered for the set that waits longest, as the gateway sees it. */
  async function stalest(): Promise<number> {
    const [value = Number.NaN] = (await deployment.gateway().metrics('pollcast_stalest_set_seconds')).values();
    return value;
  }

  /** Resolves with the time from which on every set was fresh, ms since 1970. */
  async function healed(): Promise<number> {
    let since = Infinity;
    await until(
      async () => {
        await sleep(LOOK_MS);
        const isFresh = (await stalest()) * 1000 < 2 * INTERVAL_MS;
        since = isFresh ? Math.min(since, Date.now()) : Infinity;
        return Date.now() - since >= FRESH_MS;
      },
      120_000,
      'the overload to heal',
    );
    return since;
  }

  /** Prints and judges the polls of each worker. @param what has changed a moment ago */
  async function expectShares(what: string, workers: readonly Program[]): Promise<void> {
    await sleep(SETTLED_MS);
    const read = () => Promise.all(workers.map(pollsOf));
    const counts = [await read()];
    let oldest = 0;
    for (let window = 0; window < WINDOWS; window += 1) {
      await sleep(HELD_MS / WINDOWS);
      counts.push(await read());
      oldest = Math.max(oldest, await stalest());
    }
    const [first = [], last = []] = [counts.at(0), counts.at(-1)];
    const parts = partsOf(first, last);
    const least = Math.min(...counts.slice(1).flatMap((after, at) => partsOf(counts[at] ?? [], after)));
    const rate = (sum(last) - sum(first)) / (HELD_MS / 1000);
    say(
      `${what}: ${rate.toFixed(1)} polls/s by ${workers.length} workers, of their equal share ${percent(Math.min(...parts))} to ` +
        `${percent(Math.max(...parts))} in ${HELD_MS / 1000} s, ${percent(least)} at least in ${HELD_MS / WINDOWS / 1000} s; oldest set ${oldest.toFixed(1)} s`,
    );
    expect({ what, least: Math.min(least, LEAST) }).toEqual({ what, least: LEAST });
  }

  it(`heal within ${HEALS_MS / 1000} s when one becomes four, ${TIMES} times of ${TIMES}`, async () => {
    const more = deployment.workers.slice(1, 4);
    const took: number[] = [];
    for (let time = 1; time <= TIMES; time += 1) {
      await stop(more.filter(({ isRunning }) => isRunning));
      await until(async () => (await stalest()) > 3, 60_000, 'one worker to be overloaded');
      const from = Date.now();
      const started = start(more);
      took.push((await healed()) - from);
      await started;
      say(`1 worker becomes 4, time ${time} of ${TIMES}: healed ${took.at(-1)} ms after they were started`);
    }
    expect(took.filter((ms) => ms > HEALS_MS)).toEqual([]);
  }, 900_000);

  it(`have at least half of their equal share, from ${SETTLED_MS / 1000} s after a change on, for ${HELD_MS / 1000} s`, async () => {
    const { workers } = deployment;
    const running = () => workers.filter(({ isRunning }) => isRunning);
    const [killed, stopped, frozen] = workers.slice(5);
    if (!killed || !stopped || !frozen) throw new Error('there are too few workers');

    await expectShares('4 workers', running());
    await start(workers.slice(4));
    await expectShares('4 workers become 8', running());
    await Promise.all([killed.kill(), stopped.stop()]);
    await expectShares('one of 8 was killed, another one stopped', running());
    frozen.signal('SIGSTOP');
    await expectShares(
      'one of 6 stands still',
      running().filter((worker) => worker !== frozen),
    );
    frozen.signal('SIGCONT');
    await start([killed, stopped]);
    await expectShares('all 8 are back', running());
  }, 900_000);
});

const start = (workers: readonly Program[]) => Promise.all(workers.map((worker) => worker.start()));
const stop = (workers: readonly Program[]) => Promise.all(workers.map((worker) => worker.stop()));
const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);
const percent = (part: number) => `${Math.round(part * 100)} %`;

async function pollsOf(worker: Program): Promise<number> {
  return sum([...(await worker.metrics('pollcast_upstream_requests_total')).values()]);
}

/** What each worker had of its equal share of the polls between two readings. */
function partsOf(before: readonly number[], after: readonly number[]): number[] {
  const polls = after.map((count, at) => count - (before[at] ?? 0));
  return polls.map((count) => (count * polls.length) / Math.max(1, sum(polls)));
}
