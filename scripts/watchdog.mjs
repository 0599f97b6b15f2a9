import { launch } from './processes.mjs';

/**
 * A script that is killed with SIGKILL cannot end the processes that it started. This shell can: its standard input
 * closes when the script has ended in any way. Then it kills the given process groups and removes the temporary folder.
 */
const SHELL = `
  while read -r action group; do
    kept=
    for other in $groups; do [ "$other" = "-$group" ] || kept="$kept $other"; done
    groups=$kept
    [ "$action" = release ] || groups="$groups -$group"
  done
  [ -z "$groups" ] || kill -s KILL -- $groups
  rm -rf "$1"
`;

export class Watchdog {
  #shell;

  constructor(folder) {
    this.#shell = launch('sh', ['-c', SHELL, 'watchdog', folder], { stdio: ['pipe', 'ignore', 'ignore'] });
  }

  guard(pid) {
    this.#shell.stdin.write(`guard ${pid}\n`);
  }

  /** Forgets a process that has ended, because another process may get its number. */
  release(pid) {
    this.#shell.stdin.write(`release ${pid}\n`);
  }

  /** Ends the watchdog after an orderly end, when nothing is left to kill. */
  dismiss() {
    this.#shell.kill('SIGKILL');
  }
}
