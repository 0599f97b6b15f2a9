import { BenchRedis } from './polls/bench-redis.js';
import { Child } from './polls/child.js';
import { bareCost, workerCost, type Cost, type Load } from './polls/cost.js';
import { churnFloor, sharedFloor, steadyFloor } from './polls/floor.js';
import { throughput } from './polls/throughput.js';
import { ResultsFile } from './support/results.js';
import { spreadOf } from './support/statistics.js';

/** `BENCH_QUICK=1`: a smaller run, for a quick look. */
const QUICK = process.env['BENCH_QUICK'] === '1';
const ROUNDS = QUICK ? 1 : 3;

const say = (line: string) => process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const redis = await BenchRedis.start();
  const { child: upstream, first } = await Child.script('upstream');
  const url = `http://127.0.0.1:${String(first['port'])}`;
  const results: Record<string, unknown> = {};
  const file = new ResultsFile('polls');
  try {
    results['floor'] = await floors(redis, upstream, url);
    file.write(results);
    results['cost'] = await costs(redis, upstream, url);
    file.write(results);
    results['flatness'] = await flatness(redis, upstream, url);
    file.write(results);
    results['throughput'] = await throughputs(redis, upstream, url);
    file.write(results);
  } finally {
    await upstream.stop();
    await redis.stop();
  }
  say(`written to ${file.path}`);
}

async function floors(redis: BenchRedis, upstream: Child, url: string): Promise<unknown> {
  say('Requests per interval in steady state, and the fewest possible');
  const steady = [];
  for (const count of QUICK ? [1, 1000] : [1, 100, 1000, 10_000]) {
    for (const gateways of QUICK ? [1, 10] : [1, 10, 100]) {
      const row = await steadyFloor(redis, upstream, url, count, gateways);
      steady.push(row);
      say(`  ${row.tickets} tickets, ${row.gateways}x: ${row.requests} (floor ${row.floor})`);
    }
  }
  const shared = await sharedFloor(redis, upstream, url);
  say(`  10,000 clients with 5 random tickets each of ${shared.tickets}: ${shared.requests} (floor ${shared.floor})`);
  say('Requests per interval while 20 % of 1,000 tickets change per second');
  const churn = await churnFloor(redis, upstream, url, 1000);
  churn.forEach((row) => say(`  ${row.wanted} wanted: ${row.requests} (floor ${row.floor})`));
  return { steady, shared, churn };
}

async function costs(redis: BenchRedis, upstream: Child, url: string): Promise<unknown> {
  const load: Load = { sets: 500, setSize: 100, intervalMs: 1000, measureMs: QUICK ? 5000 : 10_000 };
  say(`CPU microseconds per idle poll, ${load.sets} sets of ${load.setSize} polled once a second, ${ROUNDS} rounds`);
  const rounds: { jobs: Cost; fetches: Cost; worker: Cost }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.push({ ...(await bareCost(redis, url, load)), worker: await workerCost(redis, upstream, url, load) });
  }
  const of = (pick: (round: (typeof rounds)[number]) => number) => spreadOf(rounds.map(pick)).median;
  const bare = of(({ jobs, fetches }) => jobs.processUs + fetches.processUs);
  const summary = {
    workerUs: of(({ worker }) => worker.processUs),
    bareUs: bare,
    workerRatio: of(({ worker, jobs, fetches }) => worker.processUs / (jobs.processUs + fetches.processUs)),
    redisUs: of(({ worker }) => worker.redisUs),
    bareRedisUs: of(({ jobs }) => jobs.redisUs),
    redisRatio: of(({ worker, jobs }) => worker.redisUs / jobs.redisUs),
    roundTrips: of(({ worker }) => worker.roundTrips),
    bareRoundTrips: of(({ jobs }) => jobs.roundTrips),
  };
  for (const [name, value] of Object.entries(summary)) {
    say(`  ${name}: ${value.toFixed(2)}`);
  }
  return { summary, rounds };
}

async function flatness(redis: BenchRedis, upstream: Child, url: string): Promise<unknown> {
  say('CPU microseconds per poll at 100 polls a second');
  const small = await workerCost(redis, upstream, url, { sets: 1, setSize: 100, intervalMs: 10, measureMs: 8000 });
  const large = await workerCost(redis, upstream, url, { sets: 100, setSize: 100, intervalMs: 1000, measureMs: 8000 });
  say(`  100 tickets: ${small.processUs.toFixed(0)}; 10,000 tickets: ${large.processUs.toFixed(0)}`);
  return { small, large };
}

async function throughputs(redis: BenchRedis, upstream: Child, url: string): Promise<unknown> {
  say('Polls per second, 100 tickets each');
  const rows = [];
  const plan = QUICK
    ? ([[1500, 1]] as const)
    : ([
        [1500, 1],
        [3000, 1],
        [3000, 2],
        [3000, 4],
      ] as const);
  for (const [sets, workers] of plan) {
    const row = await throughput(redis, upstream, url, sets, workers);
    rows.push(row);
    say(
      `  ${row.workers} workers, ${row.due} due: ${row.answered.toFixed(0)} answered, ${row.processUs.toFixed(0)} us a poll, ` +
        `lag p50 <= ${row.lagP50} ms, p99 <= ${row.lagP99} ms`,
    );
  }
  return rows;
}

void main();
