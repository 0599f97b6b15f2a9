import type { ReplayBounds } from './replay.js';

/** A slice is planned to be this full, so that one with more publications than expected still fits. */
const FILLED = 0.75;
/** Most that a window grows or shrinks at once. */
const STEP = 4;

/**
 * How many offsets of the feed the next slice of a replay spans. Other tickets of the feed have most of the offsets, so the
 * window is as wide as the slices before it let expect. A window of one offset always fits.
 */
export class SliceWindow {
  width: number;

  /**
   * @param span offsets from the beginning of the replay to its end
   * @param count publications among them
   */
  constructor(
    span: number,
    count: number,
    private readonly bounds: Pick<ReplayBounds, 'sliceMax' | 'sliceMaxBytes'>,
  ) {
    this.width = atLeastOne((FILLED * bounds.sliceMax * span) / Math.max(1, Math.min(count, span)));
  }

  /** The slice had too many publications: it is asked for again with fewer offsets. */
  shrink(): void {
    this.width = atLeastOne(this.width / STEP);
  }

  /** @param events and bytes that the slice had */
  fit(events: number, bytes: number): void {
    const filled = Math.max(events / this.bounds.sliceMax, bytes / this.bounds.sliceMaxBytes);
    const factor = Math.min(STEP, FILLED / Math.max(filled, Number.EPSILON));
    this.width = atLeastOne(Math.min(Number.MAX_SAFE_INTEGER, this.width * factor));
  }
}

function atLeastOne(width: number): number {
  return Math.max(1, Math.floor(width));
}
