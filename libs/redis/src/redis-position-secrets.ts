import { randomBytes } from 'node:crypto';
import type { RedisClient } from './connection.js';
import type { Keys } from './keys.js';

/** Time between two looks, ms. */
const LOOK_MS = 1000;

/**
 * The secret that signs positions. Redis keeps it, so that all gateways have the same one and it outlives them all. A
 * gateway that finds it missing writes its own back. If several do so at once, the first one wins, and the others take
 * that one. What they have signed before stays valid at them.
 */
export class RedisPositionSecrets {
  /** The first one signs. A gateway that never reached Redis has one of its own. */
  positionSecrets: readonly string[] = [randomBytes(32).toString('base64url')];
  private isShared = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly client: RedisClient,
    private readonly keys: Keys,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Looks now, and then regularly. It does not throw: where Redis does not answer, the next look takes the secret. */
  async start(): Promise<void> {
    await this.look();
    this.timer = setInterval(() => void this.look(), LOOK_MS).unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    try {
      const [own = ''] = this.positionSecrets;
      const kept = (await this.read()) ?? (await this.give(own));
      if (kept !== null && kept !== own) {
        this.positionSecrets = this.isShared ? [kept, own] : [kept];
      }
      this.isShared ||= kept !== null;
    } catch (error) {
      this.onError(error);
    }
  }

  private read(): Promise<string | null> {
    return this.client.get(this.keys.positionSecret);
  }

  private async give(own: string): Promise<string | null> {
    await this.client.set(this.keys.positionSecret, own, 'NX');
    return this.read();
  }
}
