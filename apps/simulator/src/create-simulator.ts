import { InvalidInput } from './fields.js';
import { createLogger } from './logger.js';
import { readSettings, type Settings } from './settings.js';
import { SimulatorProgram } from './simulator.program.js';

/** @throws {SettingsError} if the settings are wrong */
export function createSimulator(): SimulatorProgram {
  const settings = settingsOf();
  return new SimulatorProgram(settings, createLogger(settings.logLevel));
}

/** Wrong settings, as a program prints them on stderr. */
class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

function settingsOf(): Settings {
  try {
    // eslint-disable-next-line no-restricted-properties -- the simulator shares no settings with the libs
    return readSettings(process.env);
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    throw new SettingsError(['The settings are wrong:', ...error.problems.map((problem) => `- ${problem}`)].join('\n'));
  }
}
