import type { IncomingMessage } from 'node:http';
import { Refusal } from '#protocol';
import { largeBodyBytes } from './large-body.js';

/** Most requests with a large body that wait for their turn. Node reads about 64 kB of each before it stops. */
const WAITING_MAX = 64;

const ignore = () => undefined;

/**
 * Requests whose large bodies have begun to arrive, and whose token nobody has looked at yet, because the gateway is busy
 * with other requests.
 */
export class WaitingBodies {
  private waiting = 0;
  private readonly end = () => {
    this.waiting -= 1;
  };

  /**
   * @returns has to be called when the turn of the request has come
   * @throws {Refusal} `unavailable` if too many wait
   */
  begin(request: IncomingMessage): () => void {
    if (largeBodyBytes(request) === 0) {
      return ignore;
    }
    if (this.waiting >= WAITING_MAX) {
      throw new Refusal('unavailable', 'too many requests with large bodies wait at this gateway');
    }
    this.waiting += 1;
    return this.end;
  }
}
