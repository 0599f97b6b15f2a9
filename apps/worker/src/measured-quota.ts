import { BoundedMap, setName, type Quota, type TurnRequest } from '#core';

/** Sets whose waits are measured at once. */
const WAITING_MAX = 20_000;

/** A quota that tells how long each poll waited for its turn. */
export class MeasuredQuota implements Quota {
  /** When sets that wait asked first, ms since 1970. */
  private readonly waiting = new BoundedMap<string, number>(WAITING_MAX);

  constructor(
    private readonly quota: Quota,
    private readonly onTurn: (waitedMs: number) => void,
  ) {}

  async turn(request: TurnRequest): Promise<number> {
    const wait = await this.quota.turn(request);
    const name = setName(request.ref);
    const since = this.waiting.get(name);
    if (wait > 0) {
      if (since === undefined) {
        this.waiting.set(name, request.now);
      }
      return wait;
    }
    this.waiting.delete(name);
    this.onTurn(since === undefined ? 0 : request.now - since);
    return 0;
  }

  throttled(until: number, now: number): Promise<void> {
    return this.quota.throttled(until, now);
  }
}
