import { manyFeeds } from './growth/feeds.js';
import { publicationsTable } from './growth/publications.js';
import { replayCosts, replayTable, type ReplayCosts } from './growth/replays.js';
import { manyTickets, ticketsTable, type TicketsRow } from './growth/tickets.js';
import { BenchRedis } from './polls/bench-redis.js';
import { Child } from './polls/child.js';
import { ResultsFile } from './support/results.js';

/**
 * `npm run bench:growth`: how cost grows with the number of tickets in a feed, of feeds, and of publications, with the size of
 * replays, and with the place of a page of history. `BENCH_QUICK=1` gives a quick look, `BENCH_ONLY=tickets`, `feeds` or `replays`
 * (with publications and pages) takes a part, `BENCH_TICKETS=1000,10000,50000` and `BENCH_FEEDS=2000,20000` set the sizes,
 * `BENCH_ROUNDS=3` how often replays are measured.
 */
const { env } = process;
const sizesOf = (name: string, all: string, quick: string) =>
  (env[name] ?? (env['BENCH_QUICK'] === '1' ? quick : all)).split(',').map(Number);
const sizes = sizesOf('BENCH_FEEDS', '2000,20000', '2000');
const ticketSizes = sizesOf('BENCH_TICKETS', '1000,10000,50000', '1000');

const say = (line: string) => process.stdout.write(`${line}\n`);
const percent = (share: number) => `${(share * 100).toFixed(1)} %`;

async function main(): Promise<void> {
  const file = new ResultsFile('growth');
  const results: Record<string, unknown> = {};
  const only = env['BENCH_ONLY'];
  const isChosen = (part: string) => only === undefined || only === part;
  if (isChosen('tickets')) {
    await ticketCosts((tickets) => file.write(Object.assign(results, { tickets })));
  }
  if (isChosen('feeds')) {
    await feedCosts((feeds) => file.write(Object.assign(results, { feeds })));
  }
  if (isChosen('replays')) {
    let costs: ReplayCosts | null = null;
    await replayCosts(Number(env['BENCH_ROUNDS'] ?? 1), (found) => {
      costs = found;
      file.write(Object.assign(results, { replays: found }));
      say(JSON.stringify(found.rows.at(-1)));
    });
    say(`\nA page of history\n${(costs as ReplayCosts | null)?.pages}\n\nPublications`);
    say(publicationsTable((costs as ReplayCosts | null)?.publications ?? []));
    say('\nReplays');
    say(replayTable((costs as ReplayCosts | null)?.rows ?? []));
  }
  say(`written to ${file.path}`);
}

async function ticketCosts(done: (rows: readonly TicketsRow[]) => void): Promise<void> {
  const redis = await BenchRedis.start();
  const { child: upstream, first } = await Child.script('upstream');
  const rows: TicketsRow[] = [];
  try {
    for (const size of ticketSizes) {
      rows.push(await manyTickets(redis, upstream, `http://127.0.0.1:${String(first['port'])}`, size));
      done(rows);
    }
  } finally {
    await upstream.stop();
    await redis.stop();
  }
  say(`\nTickets of one feed, polled every 10 s by one worker\n${ticketsTable(rows)}`);
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
