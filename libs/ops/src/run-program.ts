/** A program as a process runs it. */
export interface Program {
  /** Resolves once the program serves, or once it was stopped meanwhile. @throws where it cannot serve */
  start(): Promise<void>;
  /** Ends it in order, whether or not it has started. Called once, also while {@link start} runs. */
  stop(): Promise<void>;
}

/** What else than a signal asks a program to stop. */
export interface RunOptions {
  /** Called at once; calls `stop` when the program is to end. */
  readonly stopOn?: (stop: () => void) => void;
}

/**
 * Runs a program until SIGTERM or SIGINT comes, then ends it in order: exit code 0. That holds at any instant, also while
 * the program is loaded, made or started. A program that cannot start, or that cannot end in order, has exit code 1, and
 * says why on stderr.
 *
 * This file imports nothing, and the programs load everything else in `make`. So signals are heard from a few
 * milliseconds after Node itself is there, and not only after half a second of loading. For the same reason it is not
 * part of the index of libs/ops. Further signals change nothing: an end in order has begun.
 */
export async function runProgram(make: () => Promise<Program>, { stopOn }: RunOptions = {}): Promise<never> {
  let stop = () => {};
  const stopAsked = new Promise<void>((resolve) => (stop = resolve));
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  stopOn?.(stop);
  const made = make();
  const started = made.then((program) => program.start());
  let isStopping = false;
  try {
    await Promise.race([started.then(() => stopAsked), stopAsked]);
    isStopping = true;
    // What cannot be made need not be ended.
    await (await made.catch(() => null))?.stop();
  } catch (error) {
    process.stderr.write(`${isStopping ? 'could not end in order: ' : ''}${reasonOf(error)}\n`);
    process.exit(1);
  }
  process.exit(0);
}

/** Wrong settings are told as they are: a list that starts with what it is. */
function reasonOf(error: unknown): string {
  return error instanceof Error && error.name === 'SettingsError' ? error.message : String(error);
}
