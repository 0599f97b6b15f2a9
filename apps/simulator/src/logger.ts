import { type LoggerService } from '@nestjs/common';
import { type Logger, pino } from 'pino';
import { type Settings } from './settings.js';

/** Writes JSON lines to stdout. No caller passes it tokens or message contents. */
export function createLogger(level: Settings['logLevel']): Logger {
  return pino({ level, base: { program: 'simulator' } });
}

/** Sends the lines of Nest through the same logger. Its start-up lines have the level `debug`. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...details: unknown[]): void {
    this.logger.debug({ details }, String(message));
  }

  warn(message: unknown, ...details: unknown[]): void {
    this.logger.warn({ details }, String(message));
  }

  error(message: unknown, ...details: unknown[]): void {
    this.logger.error({ details }, String(message));
  }
}
