/** Loaded into every Node server that is measured, ours and the bare ones alike: on SIGUSR2 its garbage goes. */
process.on('SIGUSR2', () => {
  global.gc?.();
  setTimeout(() => global.gc?.(), 200);
});

/** A benchmark that was killed leaves nothing running. */
process.on('disconnect', () => process.exit(0));
