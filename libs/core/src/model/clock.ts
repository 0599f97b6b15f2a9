/** The only source of time in core. Tests move it. */
export interface Clock {
  /** Milliseconds since 1970, with fractions. All processes of a deployment agree on it to within some milliseconds. */
  now(): number;
}
