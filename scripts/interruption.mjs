import { killEverything } from './processes.mjs';

/** npm passes a Ctrl-C on that the terminal has sent to the script as well: one key press, two signals. */
const SAME_KEY_PRESS_MS = 400;
const PARENT_CHECK_MS = 500;

/**
 * Settles at the first Ctrl-C, SIGTERM or hang-up, for an orderly end. A second one does not wait for it: everything
 * is killed at once, and `cleanUp` (synchronous) is called.
 *
 * npm signals its child, which would be a shell that dies without telling the script: hence `exec` in package.json.
 * And npm killed outright tells nobody, which shows only in the script having another parent.
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

/** Kills everything at the first interruption, and ends with 130: for scripts that leave nothing to be put in order. */
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
