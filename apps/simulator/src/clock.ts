/** Where the simulator reads the time, so that a test can stand still, age a token or let a late message appear. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds of the machine's monotonic clock, to the microsecond: other processes of the machine share it. */
  exact(): number;
}

const NS_PER_MS = 1e6;

export const systemClock: Clock = {
  now: () => Date.now(),
  exact: () => Number(process.hrtime.bigint()) / NS_PER_MS,
};
