/** A program as a process runs it. */
export interface Program {
  /** Resolves when the program serves, or when it was stopped during the start. @throws if it cannot serve */
  start(): Promise<void>;
  /** Ends it in order, whether or not it has started. Called once, also while {@link start} runs. */
  stop(): Promise<void>;
  /** Logs an error that nothing caught: the process ends after it. */
  fatal(error: unknown): void;
}

/** How a program is stopped by other things than signals. */
export interface RunOptions {
  /** Called at once. It calls `stop` when the program has to end. */
  readonly stopOn?: (stop: () => void) => void;
}

/**
 * Runs a program until SIGTERM or SIGINT comes, then ends it in order: exit code 0. That holds at any instant, also while
 * the program is loaded, made or started. A program that cannot start, or that cannot end in order, has exit code 1, and
 * says why on stderr. So has one with an error that nothing caught. Node itself would print all that the error carries,
 * and libraries hang message contents and passwords on errors.
 *
 * This file imports nothing, and the programs load everything else in `make`. So the signal handlers exist a few
 * milliseconds after Node has started, and not after half a second of loading. For the same reason this file is not
 * part of the index of libs/ops. Further signals change nothing, because the orderly end has begun.
 */
export async function runProgram(make: () => Promise<Program>, { stopOn }: RunOptions = {}): Promise<never> {
  let stop = () => {};
  const stopAsked = new Promise<void>((resolve) => (stop = resolve));
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  stopOn?.(stop);
  let fatal = (error: unknown): void => void process.stderr.write(`${String(error)}\n`);
  process.on('uncaughtException', (error) => {
    fatal(error);
    process.exit(1);
  });
  const made = make().then((program) => {
    fatal = (error) => program.fatal(error);
    return program;
  });
  const started = made.then((program) => program.start());
  let isStopping = false;
  try {
    await Promise.race([started.then(() => stopAsked), stopAsked]);
    isStopping = true;
    // A program that cannot be made needs no end.
    await (await made.catch(() => null))?.stop();
  } catch (error) {
    process.stderr.write(`${isStopping ? 'could not end in order: ' : ''}${reasonOf(error)}\n`);
    process.exit(1);
  }
  process.exit(0);
}

/** The text for stderr. A list of wrong settings is printed as it is, without a stack. */
function reasonOf(error: unknown): string {
  return error instanceof Error && error.name === 'SettingsError' ? error.message : String(error);
}
