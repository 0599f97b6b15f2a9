import { OwnedProcess } from '../harness/processes/owned-process.js';
import type { Command } from './client-program.js';

/**
 * Runs a program that uses an official SDK, and ends it after `runMs`.
 *
 * @returns what it printed, a JSON text, or a sentence about why it printed nothing
 */
export async function runSdkProgram<T>(
  { command, args, env = {}, cwd }: Command,
  given: readonly string[],
  runMs: number,
): Promise<T | string> {
  const { PATH = '', HOME = '' } = process.env;
  const sdk = new OwnedProcess(command, [...args, ...given], {
    env: { PATH, HOME, ...env },
    ...(cwd !== undefined && { cwd }),
  });
  const timer = setTimeout(() => void sdk.kill(), runMs);
  const ending = await sdk.ending;
  clearTimeout(timer);
  return ending === 0 ? (JSON.parse(sdk.stdout) as T) : `the program ended with ${ending}: ${sdk.stderr.trim()}`;
}
