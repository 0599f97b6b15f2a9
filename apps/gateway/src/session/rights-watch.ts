import type { ClientSession } from './client-session.js';
import type { Connections } from './connections.js';

/** Looks per time to live, and the bounds of the pause between two of them, ms. */
const LOOKS = 20;
const LOOK_MIN_MS = 200;
const LOOK_MAX_MS = 5000;

/** `AUTH_MODE=upstream`: a right may end at any time, so it is asked for again while it is used. */
export class RightsWatch {
  /** Time between two {@link look}s, ms. */
  readonly everyMs: number;
  private readonly asking = new Set<ClientSession>();

  constructor(
    private readonly connections: Pick<Connections, 'forEach'>,
    /** `AUTH_PROBE_TTL_S` in ms. */
    ttlMs: number,
  ) {
    this.everyMs = Math.min(Math.max(ttlMs / LOOKS, LOOK_MIN_MS), LOOK_MAX_MS);
  }

  look(): void {
    this.connections.forEach((session) => {
      if (!this.asking.has(session)) {
        this.asking.add(session);
        void session.renewRights().finally(() => this.asking.delete(session));
      }
    });
  }
}
