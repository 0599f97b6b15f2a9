import type { Clock, UnreadRound, UnreadStore } from '#core';

export interface UnreadRoundsParts {
  readonly round: Pick<UnreadRound, 'run'>;
  readonly store: Pick<UnreadStore, 'feeds'>;
  readonly clock: Clock;
  /** `POLL_INTERVAL_MS` */
  readonly intervalMs: number;
  /** Whether this worker may ask the upstream. */
  readonly isOpen: () => boolean;
  readonly onError: (error: unknown) => void;
}

/** Rounds of unread counts that one worker has under way at once. */
const AT_ONCE = 4;

/** Looks once per interval which feeds are due. It costs one command while nobody wants unread counts. */
export class UnreadRounds {
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(private readonly parts: UnreadRoundsParts) {}

  start(): void {
    const run = () => {
      this.running = this.look().finally(() => this.isStopped || this.start());
    };
    this.timer = setTimeout(run, this.parts.intervalMs);
  }

  /** Resolves when the rounds that run have ended. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer ?? undefined);
    await this.running;
  }

  private async look(): Promise<void> {
    const { store, round, clock, isOpen, onError } = this.parts;
    try {
      const feeds = isOpen() ? await store.feeds(clock.now()) : [];
      for (let at = 0; at < feeds.length && !this.isStopped; at += AT_ONCE) {
        await Promise.all(feeds.slice(at, at + AT_ONCE).map((feed) => round.run(feed)));
      }
    } catch (error) {
      onError(error);
    }
  }
}
