/** Loaded into every Node server that is measured, Pollcast and bare. SIGUSR2 collects the garbage. */
process.on('SIGUSR2', () => {
  global.gc?.();
  setTimeout(() => global.gc?.(), 200);
});

/** Ends this server when its benchmark was killed. */
process.on('disconnect', () => process.exit(0));
