import { manyFeeds } from './growth/feeds.js';
import { replayCosts, replayTable, type ReplayCosts } from './growth/replays.js';
import { BenchRedis } from './polls/bench-redis.js';
import { Child } from './polls/child.js';
import { ResultsFile } from './support/results.js';

/**
 * `npm run bench:growth`: how cost grows with the number of feeds, and with the size of replays. `BENCH_QUICK=1` gives a quick
 * look, `BENCH_ONLY=feeds` or `replays` takes one of the two, `BENCH_FEEDS=2000,20000` sets the sizes, `BENCH_ROUNDS=3` how often
 * replays are measured.
 */
const { env } = process;
const sizes = (env['BENCH_FEEDS'] ?? (env['BENCH_QUICK'] === '1' ? '2000' : '2000,20000')).split(',').map(Number);

const say = (line: string) => process.stdout.write(`${line}\n`);
const percent = (share: number) => `${(share * 100).toFixed(1)} %`;

async function main(): Promise<void> {
  const file = new ResultsFile('growth');
  const results: Record<string, unknown> = {};
  const only = env['BENCH_ONLY'];
  if (only !== 'replays') {
    await feedCosts((feeds) => file.write(Object.assign(results, { feeds })));
  }
  if (only !== 'feeds') {
    let costs: ReplayCosts | null = null;
    await replayCosts(Number(env['BENCH_ROUNDS'] ?? 1), (found) => {
      costs = found;
      file.write(Object.assign(results, { replays: found }));
      say(JSON.stringify(found.rows.at(-1)));
    });
    say(`\nA page of history\n${(costs as ReplayCosts | null)?.pages}\n\nReplays`);
    say(replayTable((costs as ReplayCosts | null)?.rows ?? []));
  }
  say(`written to ${file.path}`);
}

async function feedCosts(done: (feeds: readonly object[]) => void): Promise<void> {
  const redis = await BenchRedis.start();
  const { child: upstream, first } = await Child.script('upstream');
  const url = `http://127.0.0.1:${String(first['port'])}`;
  const feeds: object[] = [];
  try {
    say('Feeds with one ticket each, polled every 10 s by one worker');
    for (const size of sizes) {
      const row = await manyFeeds(redis, upstream, url, size, say);
      feeds.push(row);
      done(feeds);
      say(`  ${row.feeds} feeds: ${row.polls.toFixed(0)} polls/s of ${row.due}`);
      say(`    CPU: worker ${percent(row.workerCore)}, of that visits about ${percent(row.idleWorkerCore)}`);
      say(
        `    (measured at a worker that polls nothing and takes half of the visits); Redis ${percent(row.redisCore)}`,
      );
      say(
        `    renewal of all leases ${row.renewalMs.toFixed(0)} ms; noticed: jobs never made ${seconds(row.missingJobsMs)},`,
      );
      say(`    a lost queue ${seconds(row.lostQueueMs)}, ended leases ${seconds(row.endedMs)}`);
    }
  } finally {
    await upstream.stop();
    await redis.stop();
  }
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
