import type { Feed, Publication } from '#core';
import { FrameRun } from './frame-run.js';

/**
 * Frames of one transport, each made once however many clients it goes to (invariant 8). A frame lives as long as
 * its publication, so the bounds of what a gateway remembers bound this cache too.
 */
export class FrameCache<Frame> {
  /** Where every connection's run of frames begins that leaves in one write. */
  readonly emptyRun: FrameRun<Frame>;
  private readonly frames = new WeakMap<Publication, Frame>();
  private newest: Publication | null = null;
  private newestFrame: Frame | null = null;

  constructor(
    private readonly encode: (publication: Publication, groupId: string | undefined) => Frame,
    bytesOf: (frame: Frame) => Buffer,
  ) {
    this.emptyRun = FrameRun.empty(bytesOf);
  }

  /** @param feed the publication's, so that it is the same for all who ask for this publication */
  of(publication: Publication, feed: Feed): Frame {
    // A live publication goes to all of its subscribers in a row: they need not look it up.
    if (publication === this.newest && this.newestFrame !== null) {
      return this.newestFrame;
    }
    let frame = this.frames.get(publication);
    if (frame === undefined) {
      frame = this.encode(publication, feed.groupId);
      this.frames.set(publication, frame);
    }
    this.newest = publication;
    this.newestFrame = frame;
    return frame;
  }
}
