import { type Logger } from 'pino';
import { systemClock } from './clock.js';
import { type Settings } from './settings.js';
import { startSimulator, type Simulator } from './simulator.js';

/** A simulator from start to end. */
export class SimulatorProgram {
  private starting: Promise<Simulator> | null = null;

  constructor(
    private readonly settings: Settings,
    private readonly logger: Logger,
  ) {}

  /** Resolves once it listens. @throws where the port is taken */
  async start(): Promise<void> {
    const { settings, logger } = this;
    this.starting = startSimulator(settings, systemClock, logger);
    const { port } = await this.starting;
    logger.info({ host: settings.host, port, demo: settings.demo }, 'listening');
  }

  /** Ends at once whatever is under way. Where it still starts, once it has started. */
  async stop(): Promise<void> {
    this.logger.info('stopping');
    const simulator = await this.starting?.catch(() => null);
    await simulator?.close();
  }
}
