import { createHmac, timingSafeEqual } from 'node:crypto';
import { BoundedMap, formatPosition, parsePosition, type ResumeFrom, type StreamPosition } from '#core';
import type { EventId } from './events.js';

/** The secrets that sign positions. All gateways of a deployment have the same. */
export interface PositionSecrets {
  /** The first one signs. A signature by any of them counts. One or two. */
  readonly positionSecrets: readonly string[];
}

/** A position, and perhaps its signature. */
const ID = /^([0-9a-z]+-[0-9]+)(?:-([A-Za-z0-9_-]{11}))?$/;
/**
 * Characters of base64url in a signature: 64 bits and two more. Who guesses has to ask a gateway, and gains one new epoch of
 * one feed.
 */
const SIGNATURE_LENGTH = 11;
/** Most cached ids: one publication goes out over two transports, and many clients come back to one position. */
const RECENT_MAX = 256;

/**
 * The ids of positions: `epoch-offset-signature`. A position of a client is believed where the store has less than it: then
 * the store has lost data, and the feed begins a new epoch for everybody (invariant 6). The signature (HMAC-SHA-256) keeps
 * a client from inventing such a position. The epoch names the feed, so the signature needs no more than the position.
 */
export class PositionIds {
  private readonly recent = new BoundedMap<string, EventId>(RECENT_MAX);
  private signedWith = '';

  constructor(private readonly secrets: PositionSecrets) {}

  /** 33 to 49 characters of `0-9 A-Z a-z - _`. The same at every gateway. */
  idOf(position: StreamPosition): EventId {
    const [secret = ''] = this.secrets.positionSecrets;
    if (secret !== this.signedWith) {
      this.recent.clear();
      this.signedWith = secret;
    }
    const text = formatPosition(position);
    let id = this.recent.get(text);
    if (id === undefined) {
      id = `${text}-${signatureOf(text, secret)}`;
      this.recent.set(text, id);
    }
    return id;
  }

  /**
   * The position from which a client resumes, from the last id that it has. An EventSource without an id sends an empty
   * text. A position without a valid signature is one, too: it is only not proven.
   */
  resumeFrom(lastEventId: string | null | undefined): ResumeFrom {
    if (lastEventId === undefined || lastEventId === null || lastEventId === '') {
      return { kind: 'start' };
    }
    const [, text = '', signature] = ID.exec(lastEventId) ?? [];
    const position = parsePosition(text);
    if (position === null) {
      return { kind: 'unknown' };
    }
    const isProven = this.secrets.positionSecrets.some((secret) => isEqual(signature, signatureOf(text, secret)));
    return { kind: 'position', position, isProven };
  }
}

/** It takes 1.6 us. */
export function signatureOf(text: string, secret: string): string {
  return createHmac('sha256', secret).update(text).digest('base64url').slice(0, SIGNATURE_LENGTH);
}

export function isEqual(signature: string | undefined, expected: string): boolean {
  return signature !== undefined && timingSafeEqual(Buffer.from(signature), Buffer.from(expected));
}
