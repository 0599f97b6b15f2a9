import { runProgram } from '#ops/run-program';

void runProgram(async () => {
  const { createWorker } = await import('./create-worker.js');
  return createWorker();
});
