import type { CaseId, JsonText, Publication, UpstreamState } from '#core';

/**
 * A publication as commit.lua writes it, in history and on its channel alike:
 * `kind epoch offset previous seenAt sentAt|- message|status|count status`, separated by single spaces. The message comes last,
 * because only it may contain spaces. It is not parsed. A replay reads very many, so it makes few objects.
 *
 * @param epoch the one that it belongs to; absent: the one that it was written in
 * @throws {Error} if the text is not of that form; the error does not contain the text
 */
export function readPublication(caseId: CaseId, text: string, epoch?: string): Publication {
  const kindEnd = spaceAfter(text, 0);
  const epochEnd = spaceAfter(text, kindEnd + 1);
  const offsetEnd = spaceAfter(text, epochEnd + 1);
  const previousEnd = spaceAfter(text, offsetEnd + 1);
  const seenEnd = spaceAfter(text, previousEnd + 1);
  const sentEnd = spaceAfter(text, seenEnd + 1);
  const epochOf = epoch ?? text.slice(kindEnd + 1, epochEnd);
  const offset = Number(text.slice(epochEnd + 1, offsetEnd));
  const previous = Number(text.slice(offsetEnd + 1, previousEnd));
  const seenAt = Number(text.slice(previousEnd + 1, seenEnd));
  const body = text.slice(sentEnd + 1);
  if (text.startsWith('u ')) {
    const [count, status] = body.split(' ');
    const read = { unreadNum: Number(count), status: status === '-' ? null : Number(status) };
    return { kind: 'unread', caseId, epoch: epochOf, offset, previous, seenAt, ...read };
  }
  if (text.startsWith('s ')) {
    return { kind: 'status', caseId, epoch: epochOf, offset, previous, seenAt, status: Number(body) };
  }
  const sent = text.slice(seenEnd + 1, sentEnd);
  const sentAt = sent === '-' ? null : Number(sent);
  return { kind: 'message', caseId, epoch: epochOf, offset, previous, seenAt, message: body as JsonText, sentAt };
}

function spaceAfter(text: string, from: number): number {
  const at = text.indexOf(' ', from);
  if (at < 0) {
    throw new Error('a publication in Redis is not of the form that commit.lua writes');
  }
  return at;
}

/**
 * The trace that commit.lua gave a publication on its channel; null: none. History has none.
 *
 * @param text one that {@link readPublication} has read
 */
export function readTrace(text: string): string | null {
  if (text.startsWith('m;')) {
    return text.slice(2, text.indexOf(' '));
  }
  const sent = text.startsWith('s ') ? text.split(' ', 6)[5] : undefined;
  return sent === undefined || sent === '-' ? null : sent;
}

/** A ticket whose quarantine began or ended, as _quarantine.lua tells it on the feed's channel: `apart ticket`, `back ticket`. */
export function readQuarantine(text: string): { readonly caseId: CaseId; readonly quarantined: boolean } | null {
  const [kind, caseId] = text.split(' ');
  return caseId !== undefined && (kind === 'apart' || kind === 'back')
    ? { caseId, quarantined: kind === 'apart' }
    : null;
}

/** The state of a feed as _health.lua tells it: `ok since` or `degraded since reason`. */
export function readUpstreamState(text: string): UpstreamState {
  const [state, since, reason] = text.split(' ');
  return state === 'degraded' && reason
    ? { state, since: Number(since), reason }
    : { state: 'ok', since: Number(since ?? 0) };
}
