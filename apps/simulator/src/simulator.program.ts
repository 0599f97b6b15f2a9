import { type Logger } from 'pino';
import { systemClock } from './clock.js';
import { type Settings } from './settings.js';
import { startSimulator, type Simulator } from './simulator.js';

/** One simulator process, from its start to its end. */
export class SimulatorProgram {
  private starting: Promise<Simulator> | null = null;

  constructor(
    private readonly settings: Settings,
    private readonly logger: Logger,
  ) {}

  /** Resolves when it listens. @throws if the port is taken */
  async start(): Promise<void> {
    const { settings, logger } = this;
    this.starting = startSimulator(settings, systemClock, logger);
    const { port } = await this.starting;
    logger.info({ host: settings.host, port, demo: settings.demo }, 'listening');
  }

  /** Ends at once, with all requests in flight. During the start it waits until the start is complete. */
  async stop(): Promise<void> {
    this.logger.info('stopping');
    const simulator = await this.starting?.catch(() => null);
    await simulator?.close();
  }

  fatal(error: unknown): void {
    const reason = error instanceof Error ? error.name : typeof error;
    this.logger.fatal({ reason }, 'an error that nothing caught ends the program');
  }
}
