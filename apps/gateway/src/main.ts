import cluster from 'node:cluster';
import { runProgram } from '#ops/run-program';

/** A process of a fleet also stops when the primary is gone, because then it gets no connections any more. */
const stopOn = (stop: () => void) => void (cluster.isWorker && process.once('disconnect', stop));

void runProgram(
  async () => {
    const { createGateway } = await import('./create-gateway.js');
    return createGateway();
  },
  { stopOn },
);
