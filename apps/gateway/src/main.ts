import cluster from 'node:cluster';
import { setFlagsFromString } from 'node:v8';
import { runProgram } from '#ops/run-program';

/**
 * Garbage of the old generation is collected when the heap has grown by half. V8's own rule lets it grow fourfold: a long
 * replay leaves 100 MB of garbage then, instead of 20 MB, and takes as long.
 */
setFlagsFromString('--heap-growing-percent=50');

/** A process of a fleet also stops when the primary is gone, because then it gets no connections any more. */
const stopOn = (stop: () => void) => void (cluster.isWorker && process.once('disconnect', stop));

void runProgram(
  async () => {
    const { createGateway } = await import('./create-gateway.js');
    return createGateway();
  },
  { stopOn },
);
