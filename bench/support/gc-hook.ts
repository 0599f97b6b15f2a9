import { ASK_TURNS, TurnMeter } from './turn-lengths.js';

/**
 * Loaded into every Node server that is measured, Pollcast and bare. SIGUSR2 collects the garbage. It measures the turns of the
 * event loop from the first question about them.
 */
process.on('SIGUSR2', () => {
  global.gc?.();
  setTimeout(() => global.gc?.(), 200);
});

let meter: TurnMeter | null = null;
process.on('message', (message) => {
  if (message === ASK_TURNS) {
    meter ??= new TurnMeter();
    process.send?.({ [ASK_TURNS]: meter.take() });
  }
});

/** Ends this server when its benchmark was killed. */
process.on('disconnect', () => process.exit(0));
