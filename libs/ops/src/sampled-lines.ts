import type { Logger } from 'pino';
import { BoundedMap } from '#core';

export interface Line {
  readonly level: 'info' | 'warn' | 'error';
  /** Without secrets and contents, as those of any line. */
  readonly fields: object;
  readonly text: string;
}

/** Of one key, since its last line. */
interface Window {
  times: number;
  last: Line | null;
  readonly since: Date;
}

/** Keys that are counted apart. The oldest one is forgotten for one more, and its next line is written at once. */
const KEYS_MAX = 200;

/**
 * Writes what may happen a thousand times a second: the first line of a key at once, then at most one in each span, with
 * the fields of the newest one, how many there were (`times`), and since when. Nothing is left out silently.
 */
export class SampledLines {
  private readonly windows = new BoundedMap<string, Window>(KEYS_MAX);

  constructor(
    private readonly logger: Pick<Logger, Line['level']>,
    /** ms */
    private readonly spanMs: number,
  ) {}

  say(key: string, line: Line): void {
    const window = this.windows.get(key);
    if (window === undefined) {
      this.logger[line.level](line.fields, line.text);
      this.open(key);
    } else {
      window.times += 1;
      window.last = line;
    }
  }

  private open(key: string): void {
    const window: Window = { times: 0, last: null, since: new Date() };
    this.windows.set(key, window);
    setTimeout(() => this.close(key, window), this.spanMs).unref();
  }

  private close(key: string, { times, last, since }: Window): void {
    this.windows.delete(key);
    if (last !== null) {
      this.logger[last.level]({ ...last.fields, times, since }, last.text);
      this.open(key);
    }
  }
}
