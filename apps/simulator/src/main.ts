import { systemClock } from './clock.js';
import { InvalidInput } from './fields.js';
import { createLogger } from './logger.js';
import { readSettings, type Settings } from './settings.js';
import { startSimulator } from './simulator.js';

void main();

async function main(): Promise<void> {
  const settings = settingsOrExit();
  const logger = createLogger(settings.logLevel);
  try {
    const simulator = await startSimulator(settings, systemClock, logger);
    logger.info({ host: settings.host, port: simulator.port, demo: settings.demo }, 'listening');
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        logger.info({ signal }, 'stopping');
        void simulator.close();
      });
    }
  } catch (error) {
    logger.fatal({ err: error }, 'could not start');
    process.exitCode = 1;
  }
}

function settingsOrExit(): Settings {
  try {
    // eslint-disable-next-line no-restricted-properties -- the simulator shares no code, not even settings, with the libs
    return readSettings(process.env);
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    process.stderr.write(`The settings are wrong:\n${error.problems.map((problem) => `- ${problem}\n`).join('')}`);
    process.exit(1);
  }
}
