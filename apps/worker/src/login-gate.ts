import { UpstreamFailure } from '#core';

export interface LoginGateParts {
  /** Logs in, unless there is a token. @throws {UpstreamFailure} `unauthorized` if it was refused, or is withheld */
  readonly logIn: () => Promise<void>;
  /** Gives all sets back, and takes no sets any more. */
  readonly close: () => void;
  /** Takes sets again. */
  readonly open: () => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** Pause between two calls of `logIn` while the gate is closed, ms. Few of them lead to a request. */
const RETRY_MS = 1000;

/**
 * Keeps ticket sets away from a worker whose login is refused. Its polls would fail at once, so it would always be free for
 * the next job, and would take sets from workers whose login is accepted.
 */
export class LoginGate {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | null = null;
  private isClosed = false;
  private isStopped = false;

  constructor(private readonly parts: LoginGateParts) {}

  get isOpen(): boolean {
    return !this.isClosed;
  }

  /** Tries to log in, and closes or opens the gate. Tries again until it is open. Never rejects. */
  check(): Promise<void> {
    this.running ??= this.checkOnce()
      .catch(this.parts.onError)
      .finally(() => (this.running = null));
    return this.running;
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private async checkOnce(): Promise<void> {
    const isRefused = await this.isLoginRefused();
    if (this.isStopped) {
      return;
    }
    clearTimeout(this.timer);
    if (isRefused) {
      this.timer = setTimeout(() => void this.check(), RETRY_MS);
    }
    if (isRefused !== this.isClosed) {
      this.isClosed = isRefused;
      await (isRefused ? this.parts.close() : this.parts.open());
    }
  }

  /** Any other failure, for example IAM out of reach, makes polls fail, and their clients are told. */
  private async isLoginRefused(): Promise<boolean> {
    try {
      await this.parts.logIn();
      return false;
    } catch (error) {
      return error instanceof UpstreamFailure && error.code === 'unauthorized';
    }
  }
}
