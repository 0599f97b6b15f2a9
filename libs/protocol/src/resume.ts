import { parsePosition, type ResumeFrom } from '#core';

/**
 * The position from which a client resumes, from the last id that it has. An EventSource without an id sends an empty
 * text.
 */
export function resumeFrom(lastEventId: string | null | undefined): ResumeFrom {
  if (lastEventId === undefined || lastEventId === null || lastEventId === '') {
    return { kind: 'start' };
  }
  const position = parsePosition(lastEventId);
  return position ? { kind: 'position', position } : { kind: 'unknown' };
}
