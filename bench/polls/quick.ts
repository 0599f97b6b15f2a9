import { BenchRedis } from './bench-redis.js';
import { Child } from './child.js';
import { bareFetchCost, bareJobCost, workerCost } from './cost.js';

async function main(): Promise<void> {
  const redis = await BenchRedis.start(7311);
  const { child: upstream, said } = await Child.start('bench/polls/upstream.js', [], {});
  const url = `http://127.0.0.1:${String(said?.['port'])}`;
  const load = { sets: Number(process.env['SETS'] ?? 500), setSize: 100, intervalMs: 1000, measureMs: 6000 };
  for (let round = 0; round < Number(process.env['ROUNDS'] ?? 1); round += 1) {
    console.log('jobs', await bareJobCost(redis, load));
    console.log('fetch', await bareFetchCost(redis, url, load));
    console.log('worker', await workerCost(redis, upstream, url, load));
  }
  await upstream.stop();
  await redis.stop();
  process.exit(0);
}
void main();
