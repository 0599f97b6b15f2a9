import cluster from 'node:cluster';
import { runProgram } from '#ops/run-program';

/** A member of a fleet ends also when the primary is gone: nobody hands connections to it any more. */
const stopOn = (stop: () => void) => void (cluster.isWorker && process.once('disconnect', stop));

void runProgram(
  async () => {
    const { createGateway } = await import('./create-gateway.js');
    return createGateway();
  },
  { stopOn },
);
