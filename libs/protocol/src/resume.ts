import { parsePosition, type ResumeFrom } from '#core';

/** Where a client goes on from, by the last id it saw. An empty text is what an EventSource has before its first id. */
export function resumeFrom(lastEventId: string | null | undefined): ResumeFrom {
  if (lastEventId === undefined || lastEventId === null || lastEventId === '') {
    return { kind: 'start' };
  }
  const position = parsePosition(lastEventId);
  return position ? { kind: 'position', position } : { kind: 'unknown' };
}
