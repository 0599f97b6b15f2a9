import { GatewaySettings } from './gateway.settings.js';
import { readAs } from './settings-reader.js';
import { WorkerSettings } from './worker.settings.js';

/**
 * The settings of a program. A program reads them once, when it starts, and reads only its own.
 *
 * @throws {SettingsError} for the program to print to stderr before it exits with a non-zero code
 */
export function readSettings(program: 'gateway', env?: NodeJS.ProcessEnv): Readonly<GatewaySettings>;
export function readSettings(program: 'worker', env?: NodeJS.ProcessEnv): Readonly<WorkerSettings>;
export function readSettings(
  program: 'gateway' | 'worker',
  env: NodeJS.ProcessEnv = process.env,
): Readonly<GatewaySettings> | Readonly<WorkerSettings> {
  return program === 'gateway' ? readAs(GatewaySettings, env) : readAs(WorkerSettings, env);
}
