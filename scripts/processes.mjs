import { spawn } from 'node:child_process';

const living = new Set();

/**
 * Starts a process as the head of its own group. A terminal sends Ctrl-C to its whole foreground group, which would
 * stop Redis while the worker still finishes a poll. In groups of their own, processes end in the order that the script
 * chooses. A group can also be signalled as a whole, grandchildren included.
 */
export function launch(command, args, options = {}) {
  const child = spawn(command, args, { ...options, detached: true });
  living.add(child);
  child.once('close', () => living.delete(child));
  return child;
}

export function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/**
 * Runs a command to its end. With `capture` its output is returned and not shown. Processes that it leaves in its group
 * (a test's server after a crash) are killed. After `timeoutMs` it is killed itself, and `late` is true.
 */
export function run(command, args, { capture = false, timeoutMs = 0, ...options } = {}) {
  const out = capture ? 'pipe' : 'inherit';
  const child = launch(command, args, { ...options, stdio: ['ignore', out, out] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text) => (output += text));
  let late = false;
  const endLate = () => {
    late = true;
    signalGroup(child.pid, 'SIGKILL');
  };
  const timer = timeoutMs > 0 && setTimeout(endLate, timeoutMs);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => {
      clearTimeout(timer || undefined);
      signalGroup(child.pid, 'SIGKILL');
    });
    child.once('close', (code, signal) => resolve({ ok: code === 0, code, signal, output, late }));
  });
}

/** Kills all processes, when there is no time for an orderly end. */
export function killEverything() {
  for (const child of living) if (child.pid) signalGroup(child.pid, 'SIGKILL');
}
