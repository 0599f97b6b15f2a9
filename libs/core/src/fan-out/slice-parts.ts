import type { Publication } from '../model/publication.js';
import { bytesOf } from './slices-in-memory.js';

/** Most publications of a part. A gateway encodes and writes a part in less than a millisecond. */
const PART_MAX = 100;
/** A part with more than one publication has at most so many bytes of messages. */
const PART_MAX_BYTES = 49_152;

/** What is written at once of a slice, so that nobody else waits for longer. */
export function partsOf(publications: readonly Publication[]): readonly (readonly Publication[])[] {
  const parts: Publication[][] = [];
  let part: Publication[] = [];
  let bytes = 0;
  for (const publication of publications) {
    const added = bytesOf(publication);
    if (part.length > 0 && (part.length >= PART_MAX || bytes + added > PART_MAX_BYTES)) {
      parts.push(part);
      part = [];
      bytes = 0;
    }
    part.push(publication);
    bytes += added;
  }
  return part.length > 0 ? [...parts, part] : parts;
}
