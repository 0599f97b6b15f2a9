import type { Logger } from 'pino';
import { settingsSummary } from './settings-summary.js';
import { unknownSettings } from './unknown-settings.js';
import { programVersion } from './version.js';

/**
 * The first lines of a program: its version, its role, and which settings differ from their defaults, without secrets. A
 * variable that looks like a setting and is none is warned of.
 *
 * @param role `gateway`, `worker`, or a part of one
 */
export function reportStart(
  logger: Pick<Logger, 'info' | 'warn'>,
  role: string,
  settings: object,
  env: NodeJS.ProcessEnv = process.env,
): void {
  const versions = { version: programVersion(), node: process.versions.node };
  logger.info({ role, ...versions, settings: settingsSummary(settings) }, `${role} starting`);
  const unknown = unknownSettings(env);
  if (unknown.length > 0) {
    const hints = unknown.map(({ name, nearest }) => `${name} (did you mean ${nearest}?)`);
    logger.warn({ unknown: unknown.map(({ name }) => name) }, `no settings are called ${hints.join(', ')}`);
  }
}
