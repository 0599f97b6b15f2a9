import { manyFeeds } from './growth/feeds.js';
import { BenchRedis } from './polls/bench-redis.js';
import { Child } from './polls/child.js';
import { ResultsFile } from './support/results.js';

/**
 * `npm run bench:growth`: how cost grows with the number of feeds. `BENCH_QUICK=1` gives a quick look, `BENCH_FEEDS=2000,20000`
 * sets the sizes.
 */
const { env } = process;
const sizes = (env['BENCH_FEEDS'] ?? (env['BENCH_QUICK'] === '1' ? '2000' : '2000,20000')).split(',').map(Number);

const say = (line: string) => process.stdout.write(`${line}\n`);
const percent = (share: number) => `${(share * 100).toFixed(1)} %`;

async function main(): Promise<void> {
  const redis = await BenchRedis.start();
  const { child: upstream, first } = await Child.script('upstream');
  const url = `http://127.0.0.1:${String(first['port'])}`;
  const file = new ResultsFile('growth');
  const feeds = [];
  try {
    say('Feeds with one ticket each, polled every 10 s by one worker');
    for (const size of sizes) {
      const row = await manyFeeds(redis, upstream, url, size);
      feeds.push(row);
      file.write({ feeds });
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
  say(`written to ${file.path}`);
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

void main();
