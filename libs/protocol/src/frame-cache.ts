import type { Feed, Publication } from '#core';
import { FrameRun, RUN_MAX_BYTES } from './frame-run.js';

/**
 * Frames of one transport. Each is made once, whatever the number of clients (invariant 8). The frame of a past publication is
 * kept as long as the publication, so the bounds of the tails bound this cache, too.
 */
export class FrameCache<Frame> {
  /** The empty run. Every run of frames begins here. */
  readonly emptyRun: FrameRun<Frame>;
  private readonly frames = new WeakMap<Publication, Frame>();
  /** Of replays that many clients get. They are kept as long as the list of their publications. */
  private readonly runs = new WeakMap<readonly Publication[], readonly FrameRun<Frame>[]>();
  /** Of parts of long replays that many clients get. */
  private readonly parts = new WeakMap<readonly Publication[], FrameRun<Frame>>();
  private newest: Publication | null = null;
  private newestFrame: Frame | null = null;

  constructor(
    private readonly encode: (publication: Publication, groupId: string | undefined) => Frame,
    private readonly bytesOf: (frame: Frame) => Buffer,
    /** Frames of publications that only go out together. */
    private readonly encodeAll: (
      publications: readonly Publication[],
      groupId: string | undefined,
    ) => readonly Frame[] = (publications, groupId) => publications.map((one) => encode(one, groupId)),
  ) {
    this.emptyRun = FrameRun.empty(bytesOf);
  }

  /**
   * The frame of a live publication, which goes to all of its subscribers in a row. It is kept until the next one: few
   * publications are asked for again, and to keep all of their frames costs a quarter more CPU (garbage collection).
   *
   * @param feed the feed of the publication
   */
  live(publication: Publication, feed: Feed): Frame {
    if (publication === this.newest && this.newestFrame !== null) {
      return this.newestFrame;
    }
    return this.hold(publication, this.once(publication, feed));
  }

  /**
   * A frame that is not kept, for a publication that only one client gets. V8 moves whatever a WeakMap holds to the old
   * generation, where it would stay until the next full garbage collection.
   */
  once(publication: Publication, feed: Feed): Frame {
    return this.frames.get(publication) ?? this.encode(publication, feed.groupId);
  }

  /**
   * The frame of a past publication, which other clients may ask for, too.
   *
   * @param feed the feed of the publication: the same for every caller
   */
  of(publication: Publication, feed: Feed): Frame {
    let frame = this.frames.get(publication);
    if (frame === undefined) {
      frame = this.live(publication, feed);
      this.frames.set(publication, frame);
    }
    return frame;
  }

  /**
   * The frames of a replay in runs of at least {@link RUN_MAX_BYTES}, but for the last one. Callers with the same list share
   * the runs, so that its bytes are joined once.
   *
   * @param feed the feed of the publications
   */
  runsOf(publications: readonly Publication[], feed: Feed): readonly FrameRun<Frame>[] {
    let runs = this.runs.get(publications);
    if (runs === undefined) {
      runs = this.join(publications.map((publication) => this.of(publication, feed)));
      this.runs.set(publications, runs);
    }
    return runs;
  }

  /**
   * The frames of a part of a long replay, in one run. They are not kept by publication: a part is read from the store, and is
   * gone when it is written.
   *
   * @param feed the feed of the publications
   * @param isShared other callers come with the same list: its run is made once
   */
  partOf(publications: readonly Publication[], feed: Feed, isShared: boolean): FrameRun<Frame> {
    let part = isShared ? this.parts.get(publications) : undefined;
    if (part === undefined) {
      const frames = this.encodeAll(publications, feed.groupId);
      part = frames.reduce((run, frame) => run.with(frame), FrameRun.empty(this.bytesOf));
      if (isShared) {
        this.parts.set(publications, part);
      }
    }
    return part;
  }

  private hold(publication: Publication, frame: Frame): Frame {
    this.newest = publication;
    this.newestFrame = frame;
    return frame;
  }

  private join(frames: readonly Frame[]): FrameRun<Frame>[] {
    const runs: FrameRun<Frame>[] = [];
    let run: FrameRun<Frame> | null = null;
    for (const frame of frames) {
      run = (run ?? FrameRun.empty(this.bytesOf)).with(frame);
      if (run.length >= RUN_MAX_BYTES) {
        runs.push(run);
        run = null;
      }
    }
    return run === null ? runs : [...runs, run];
  }
}
