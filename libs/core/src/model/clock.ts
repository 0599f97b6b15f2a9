/** Where core gets its time from. Tests own it. */
export interface Clock {
  /** Milliseconds since 1970, the same in every process of a deployment as nearly as can be; may have fractions. */
  now(): number;
}
