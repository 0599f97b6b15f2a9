import { killEverything } from './processes.mjs';

/** The terminal sends Ctrl-C to the script and to npm, and npm passes it on. So one key press gives two signals. */
const SAME_KEY_PRESS_MS = 400;
const PARENT_CHECK_MS = 500;

/**
 * Settles at the first Ctrl-C, SIGTERM or hang-up, for an orderly end. A second signal does not wait for that end:
 * everything is killed at once, and `cleanUp` (synchronous) is called.
 *
 * npm signals its child. That would be a shell, which does not pass the signal on, so package.json uses `exec`. If npm
 * itself is killed, the script gets no signal. It only gets another parent process.
 */
export function interruption(cleanUp = () => undefined) {
  return new Promise((resolve) => {
    let first;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(signal, () => {
        first ??= Date.now();
        resolve();
        if (Date.now() - first < SAME_KEY_PRESS_MS) return;
        killEverything();
        cleanUp();
        process.exit(130);
      });
    }
    if (process.env.npm_lifecycle_event) whenOrphaned(resolve);
  });
}

/** Kills everything at the first interruption, and exits with 130. It is for scripts that need no orderly end. */
export function endOnInterruption() {
  void interruption().then(() => {
    killEverything();
    process.exit(130);
  });
}

function whenOrphaned(act) {
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && act(), PARENT_CHECK_MS).unref();
}
