/** Where the simulator reads the time, so that a test can stand still, age a token or let a late message appear. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
