/** Connections that a core is taken to begin in a second, until it is known: the slowest of the measured ones, with a margin. */
const FIRST_PER_S = 500;
/** Bounds of what is learned, connections a second. */
const LEAST_PER_S = 100;
const MOST_PER_S = 10_000;
/** Connections of a second from which its CPU tells what they cost. */
const TELLING = 50;
/** Weight of the newest second that tells. */
const NEWEST = 0.3;
/** Least part of the event loop that counts as spare: a gateway that is busy for a moment is not so for long. */
const SPARE_LEAST = 0.1;

/**
 * How many connections a second this process can accept: what the spare part of its event loop is enough for. What a connection
 * costs is learned in seconds in which many begin. Everything else that the loop does then is counted, too, so the number is
 * rather too small than too large.
 */
export class AcceptRate {
  /** Connections a second of a whole core. */
  private perCoreS = FIRST_PER_S;

  constructor(
    /** `MAX_HANDSHAKES_PER_S` */
    private readonly most: number,
  ) {}

  /**
   * To be called every second.
   *
   * @param begun connections that began since the last call, per second
   * @param utilization part of that time in which the event loop was busy, 0 to 1
   * @returns connections a second, 10 or more, unless `MAX_HANDSHAKES_PER_S` is less
   */
  next(begun: number, utilization: number): number {
    if (begun >= TELLING && utilization > 0) {
      const told = Math.min(MOST_PER_S, Math.max(LEAST_PER_S, begun / utilization));
      this.perCoreS += NEWEST * (told - this.perCoreS);
    }
    const spare = Math.max(SPARE_LEAST, 1 - utilization);
    return Math.min(this.most, Math.floor(this.perCoreS * spare));
  }
}
