const NS_PER_MS = 1e6;

/**
 * Milliseconds of the machine's monotonic clock, exact to the microsecond. All processes of the machine can compare
 * them.
 */
export const exactMs = () => Number(process.hrtime.bigint()) / NS_PER_MS;
