import { launch } from './processes.mjs';

/**
 * A script killed with SIGKILL cannot end what it started. This shell can: its standard input closes when the script
 * is gone, however it went. Then it kills the groups named to it and removes the temporary folder.
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

  /** For a process that has ended: its number may soon belong to another one. */
  release(pid) {
    this.#shell.stdin.write(`release ${pid}\n`);
  }

  /** After an orderly end there is nothing left to kill. */
  dismiss() {
    this.#shell.kill('SIGKILL');
  }
}
