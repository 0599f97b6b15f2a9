import { ClusterRun } from './cluster/cluster-run.js';

/** Longest run, ms. */
const RUN_MS = 600_000;

describe('a Redis Cluster', () => {
  it(
    'moves slots and loses masters while no message is lost, doubled or out of order',
    async () => {
      const say = (line: string) => process.stderr.write(`cluster  ${line}\n`);
      expect(await ClusterRun.of(say)).toEqual([]);
    },
    RUN_MS,
  );
});
