import type { Logger } from 'pino';
import { errorFields } from './error-fields.js';
import type { RedisReport, RedisTrouble } from './redis-report.js';
import { SampledLines } from './sampled-lines.js';

/** Called with a failure. @param fields what an operator joins lines by, such as a feed and a set */
export type OnFailure = (error: unknown, fields?: object) => void;

/** Time in which one line tells of failures of a kind, ms. */
const SPAN_MS = 30_000;
/** Characters of an error's text that tell kinds of failures apart. */
const KIND_MAX = 80;

/**
 * Failures of work for which no client waits, and of requests. Those that are about Redis go to its report. Of the others
 * one line per kind is written at once, and one per span with their number.
 */
export class FailureLog {
  private readonly lines: SampledLines;

  constructor(
    logger: Logger,
    private readonly redis: RedisReport,
    /** What an error says of Redis; null: nothing. */
    private readonly troubleOf: (error: unknown) => RedisTrouble | null,
  ) {
    this.lines = new SampledLines(logger, SPAN_MS);
  }

  /** @param part of the program, which the line names */
  of(part: string, level: 'warn' | 'error' = 'warn', text = 'background work failed'): OnFailure {
    return (error, fields = {}) => {
      const trouble = this.troubleOf(error);
      if (trouble !== null) {
        this.redis.troubled(trouble, error as object);
        return;
      }
      const { type, message } = errorFields(error);
      // Numbers and names of jobs differ; what failed is the same.
      const kind = `${part} ${type} ${message.replace(/\bjob \S+|\d+/gi, '#').slice(0, KIND_MAX)}`;
      this.lines.say(kind, { level, fields: { part, ...fields, err: error }, text });
    };
  }
}
