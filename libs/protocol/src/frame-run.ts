/** Frames are written at once when they reach this size together, bytes. */
export const RUN_MAX_BYTES = 65_536;

/**
 * Several frames that go to a client in one write. Clients that get the same frames share the run, so that its bytes are
 * joined once, whatever the number of clients.
 */
export class FrameRun<Frame> {
  /** The last run that continued this one. The next client most likely continues in the same way. */
  private newest: FrameRun<Frame> | null = null;
  private joined: Buffer | null = null;

  private constructor(
    private readonly bytesOf: (frame: Frame) => Buffer,
    private readonly previous: FrameRun<Frame> | null,
    private readonly last: Frame | null,
    /** Bytes. */
    readonly length: number,
  ) {}

  /** The run without frames. All others begin with it. */
  static empty<Frame>(bytesOf: (frame: Frame) => Buffer): FrameRun<Frame> {
    return new FrameRun<Frame>(bytesOf, null, null, 0);
  }

  /** This run, and one more frame. */
  with(frame: Frame): FrameRun<Frame> {
    if (this.newest === null || this.newest.last !== frame) {
      this.newest = new FrameRun(this.bytesOf, this, frame, this.length + this.bytesOf(frame).length);
    }
    return this.newest;
  }

  /** The bytes of all frames. */
  get bytes(): Buffer {
    if (this.joined === null) {
      const frames = this.frames();
      const [only] = frames;
      this.joined =
        only !== undefined && frames.length === 1 ? this.bytesOf(only) : Buffer.concat(frames.map(this.bytesOf));
    }
    return this.joined;
  }

  frames(): Frame[] {
    const frames: Frame[] = this.last === null ? [] : [this.last];
    for (let run = this.previous; run !== null && run.last !== null; run = run.previous) {
      frames.push(run.last);
    }
    return frames.reverse();
  }
}
