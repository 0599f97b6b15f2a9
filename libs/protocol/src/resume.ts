import { parsePosition, type ResumeFrom } from '#core';

/** Where a client goes on from, by the last id that it saw. An EventSource without an id sends an empty text. */
export function resumeFrom(lastEventId: string | null | undefined): ResumeFrom {
  if (lastEventId === undefined || lastEventId === null || lastEventId === '') {
    return { kind: 'start' };
  }
  const position = parsePosition(lastEventId);
  return position ? { kind: 'position', position } : { kind: 'unknown' };
}
