import { dirname, join } from 'node:path';

import { OwnedProcess } from '../harness/processes/owned-process.js';
import type { ClusterNode, RedisCluster } from '../harness/processes/redis-cluster.js';

/** `redis-cli`, beside the server that the tests start; the one on PATH where they start the one on PATH. */
const SERVER = process.env['REDIS_SERVER_BIN'] ?? 'redis-server';
const CLI = SERVER.includes('/') ? join(dirname(SERVER), 'redis-cli') : 'redis-cli';
/** Characters of its output that are kept for error texts. */
const KEPT = 2000;

/**
 * What an operator does: `redis-cli --cluster reshard` from the master that owns the slot to another one. The command moves
 * slots from the lowest on, so it is given the number of slots up to this one.
 *
 * @throws Error if the command fails, or leaves the slot where it was
 */
export async function reshard(cluster: RedisCluster, slot: number, target: ClusterNode): Promise<void> {
  const source = await cluster.masterOf(slot);
  const count = (await slotsOf(source)).filter((each) => each <= slot).length;
  const libraries = process.env['REDIS_SERVER_LD'];
  const env = { PATH: process.env['PATH'] ?? '', ...(libraries ? { LD_LIBRARY_PATH: libraries } : {}) };
  const args = ['--cluster', 'reshard', `127.0.0.1:${source.server.port}`, '--cluster-yes'];
  const choice = ['--cluster-from', source.id, '--cluster-to', target.id, '--cluster-slots', String(count)];
  const run = new OwnedProcess(CLI, [...args, ...choice], { env, keep: KEPT });
  const ending = await run.ending;
  if (ending !== 0 || (await cluster.masterOf(slot)) !== target) {
    throw new Error(`redis-cli --cluster reshard ended with ${ending}:\n${run.stdout}${run.stderr}`);
  }
}

async function slotsOf({ id, admin }: ClusterNode): Promise<number[]> {
  const rows = await admin.cluster('SLOTS');
  return rows
    .filter(([, , master]) => master?.[2] === id)
    .flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, at) => from + at));
}
