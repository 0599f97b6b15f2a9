import { runProgram } from '#ops/run-program';

void runProgram(async () => {
  const { createSimulator } = await import('./create-simulator.js');
  return createSimulator();
});
