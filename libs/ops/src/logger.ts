import type { LoggerService } from '@nestjs/common';
import { pino, stdTimeFunctions, type DestinationStream, type Logger } from 'pino';
import { errorFields, withErrorFields } from './error-fields.js';
import type { LogLevel } from './program.settings.js';

/** A JSON member whose name ends like the name of a secret, with its text or list of texts. */
const SECRET_MEMBER =
  /("[\w-]*(?:authorization|cookie|token|secret|secret_?key|password)"\s*:\s*)(?:"(?:[^"\\]|\\.)*"|\[[^\]]*\])/gi;
/** A secret inside a text: `?access_token=…`, `pollcast_token=…`, `Bearer …`. */
const SECRET_IN_TEXT = /(\b\w*(?:token|secret|password)=|\bBearer\s+)[^\s"&;,\\]+/gi;

/** The password of a URL: `redis://name:password@host`. */
const PASSWORD_OF_URL = /(:\/\/[^\s/:@"\\]*:)[^\s/"\\]+(?=@)/g;

/**
 * Hides secrets in a finished log line, at any depth. A list of paths would miss secrets at unknown places, such as the
 * request headers in an error of a library.
 */
export function withoutSecrets(line: string): string {
  return line
    .replace(SECRET_MEMBER, '$1"[hidden]"')
    .replace(SECRET_IN_TEXT, '$1[hidden]')
    .replace(PASSWORD_OF_URL, '$1[hidden]');
}

/**
 * Logger of one program: JSON lines on stdout, unless another destination is given. Of errors it writes named fields
 * alone, see {@link errorFields}.
 */
export function createLogger(program: string, level: LogLevel, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { program, pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }), log: withErrorFields },
    // Pino's own serializer would write everything that an error carries, also below the top.
    serializers: { err: (fields: unknown) => fields },
    hooks: { streamWrite: withoutSecrets },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** Logs an error that nothing caught. The process ends after it. */
export function logFatal(logger: Logger, error: unknown): void {
  logger.fatal({ err: error }, 'an error that nothing caught ends the program');
}

/**
 * Nest's logger, written to ours. Nest passes the context last; `error` has a stack before it. What Nest logs of its start,
 * such as every route, is for `debug`.
 */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, context?: string): void {
    this.logger.debug({ context }, String(message));
  }
  error(message: unknown, stack?: string, context?: string): void {
    if (typeof message === 'string') {
      this.logger.error({ context, stack }, message);
    } else {
      this.logger.error({ context, err: message }, errorFields(message).message);
    }
  }
  warn(message: unknown, context?: string): void {
    this.logger.warn({ context }, String(message));
  }
  debug(message: unknown, context?: string): void {
    this.logger.debug({ context }, String(message));
  }
  verbose(message: unknown, context?: string): void {
    this.logger.trace({ context }, String(message));
  }
}
