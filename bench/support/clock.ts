const NS_PER_MS = 1e6;

/** Milliseconds of the machine's monotonic clock, to the microsecond: comparable between its processes. */
export const exactMs = () => Number(process.hrtime.bigint()) / NS_PER_MS;
