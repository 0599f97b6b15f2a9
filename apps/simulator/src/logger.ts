import { type LoggerService } from '@nestjs/common';
import { type Logger, pino } from 'pino';
import { type Settings } from './settings.js';

/** JSON lines on stdout. Tokens and message contents are never given to it. */
export function createLogger(level: Settings['logLevel']): Logger {
  return pino({ level, base: { program: 'simulator' } });
}

/** Nest's own lines through the same logger; its start-up chatter is only of interest when debugging. */
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
