import { join } from 'node:path';

import { until } from '../until.js';
import { alive, descendantsOf } from './descendants.js';
import { OwnedProcess, type Ending } from './owned-process.js';
import { ROOT } from './repository.js';

/** Longest orderly end of a script and of all processes that it started, ms. */
const END_MS = 20_000;

/** A script of the repository as a person runs it at a terminal, with all processes that it started. */
export class ScriptRun {
  private readonly process: OwnedProcess;

  /**
   * @param script a file of scripts/
   * @param settings added to the environment of this process
   * @param root the repository, or a copy of it
   */
  constructor(script: string, settings: Readonly<Record<string, string>>, root = ROOT) {
    const env = { ...process.env, NODE_ENV: '', ...settings } as Record<string, string>;
    this.process = new OwnedProcess(process.execPath, [join(root, 'scripts', script)], { env });
  }

  /** What it wrote to both of its outputs. */
  get printed(): string {
    return this.process.stdout + this.process.stderr;
  }

  /** All processes that it started and that still run. */
  get descendants(): number[] {
    return alive(descendantsOf(this.process.pid));
  }

  /** Resolves with what the pattern matched. @throws Error if the script ends before, or does not print it in time */
  async untilPrinted(pattern: RegExp, timeoutMs: number): Promise<string> {
    const what = () => `${pattern} to be printed; so far:\n${this.printed}`;
    await until(() => !this.process.isRunning || pattern.test(this.printed), timeoutMs, what);
    const matched = pattern.exec(this.printed)?.[0];
    if (matched === undefined) throw new Error(`it ended by itself:\n${this.printed}`);
    return matched;
  }

  /**
   * Sends it the signal. Resolves when it and all processes that it started have ended.
   *
   * @throws Error if that takes longer than 20 s
   */
  async end(signal: NodeJS.Signals): Promise<Ending> {
    const { descendants } = this;
    const left = () => [...alive([this.process.pid, ...descendants])];
    this.process.signal(signal);
    await until(
      () => left().length === 0,
      END_MS,
      () => `processes to end: ${left().join(' ')}\n${this.printed}`,
    );
    return this.process.ending;
  }

  /** Ends it after any test. Its watchdog ends the processes that it started. */
  async kill(): Promise<void> {
    await this.process.kill();
  }
}
