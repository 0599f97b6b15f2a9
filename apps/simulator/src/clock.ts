/** The time of the simulator. A test gives its own clock: to end a token, or to make a late message appear. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds of the machine's monotonic clock, to the microsecond. All processes of the machine share that clock. */
  exact(): number;
}

const NS_PER_MS = 1e6;

export const systemClock: Clock = {
  now: () => Date.now(),
  exact: () => Number(process.hrtime.bigint()) / NS_PER_MS,
};
