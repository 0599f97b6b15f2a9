import type { IncomingMessage } from 'node:http';

/** Largest body that costs nothing that is worth to be bounded. */
const SMALL_BODY_BYTES = 16_384;
/** Node reads about so much of a body before it stops and waits for a reader. */
const READ_AHEAD_BYTES = 65_536;

/** @returns how many bytes a large body has, as its head says; 0 for a small one; what Node reads ahead if the head says nothing */
export function largeBodyBytes({ headers }: IncomingMessage): number {
  if (headers['transfer-encoding'] !== undefined) {
    return READ_AHEAD_BYTES;
  }
  const bytes = Number(headers['content-length'] ?? 0);
  return bytes > SMALL_BODY_BYTES ? bytes : 0;
}
