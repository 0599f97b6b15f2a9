/**
 * Frames that go to some clients one after the other, as one piece of bytes. Clients that are given the same frames
 * share the run, so that it is joined once however many they are, as each frame is made once.
 */
export class FrameRun<Frame> {
  /** The run that went on from here last: clients follow each other, and the next one most likely goes on like it. */
  private newest: FrameRun<Frame> | null = null;
  private joined: Buffer | null = null;

  private constructor(
    private readonly bytesOf: (frame: Frame) => Buffer,
    private readonly previous: FrameRun<Frame> | null,
    private readonly last: Frame | null,
    /** Bytes. */
    readonly length: number,
  ) {}

  /** The run of no frames, where all others begin. */
  static empty<Frame>(bytesOf: (frame: Frame) => Buffer): FrameRun<Frame> {
    return new FrameRun<Frame>(bytesOf, null, null, 0);
  }

  /** This run and one frame more. */
  then(frame: Frame): FrameRun<Frame> {
    if (this.newest === null || this.newest.last !== frame) {
      this.newest = new FrameRun(this.bytesOf, this, frame, this.length + this.bytesOf(frame).length);
    }
    return this.newest;
  }

  /** All frames as they go over the wire. */
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
