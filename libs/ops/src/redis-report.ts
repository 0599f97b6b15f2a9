import type { Logger } from 'pino';

/** What an error says of Redis. */
export interface RedisTrouble {
  /** Name of the state, of a closed table. */
  readonly kind: string;
  /** For operators: what is wrong, and what to do. */
  readonly text: string;
  /** Redis answers, and refuses. */
  readonly isRefusal: boolean;
  /** Other states that lead to this one: after them this one is no news. */
  readonly impliedBy?: readonly string[];
  readonly node: string | null;
  readonly reason: string;
  readonly command: string | null;
  /** How long it had lasted when the error came, ms. */
  readonly lastedMs: number;
}

export interface RedisReportParts {
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** `host:port`, or several with commas in between, without user and password. */
  readonly redis: string;
  /** Asks Redis for something small. Called once a second while there is trouble, not before the last call ended. */
  readonly answers: () => Promise<unknown>;
}

/** From the first trouble until Redis is well again. Times in ms since 1970. */
interface Incident {
  readonly since: number;
  readonly quietMs: number;
  /** How often each state was seen since the last line. */
  readonly counts: Map<string, number>;
  readonly told: Set<string>;
  lastAt: number;
  toldAt: number;
  /** When Redis first answered after the last trouble. */
  answeredAt: number | null;
}

const CHECK_MS = 1000;
const SUMMARY_MS = 30_000;
/**
 * Redis is well again when it answers and there was no trouble for this long, ms. The work that runs every second fails
 * within it. What runs more rarely may be all that a Redis refuses.
 */
const QUIET_MS = { outage: 2500, refusal: 12_000 } as const;
/** An incident that begins so soon after the last one (ms) needs twice the quiet: a line per turn would be no news. */
const SOON_MS = 60_000;
const QUIET_MAX_MS = 120_000;
/** A refusal that is older than this (ms) does not make the program unready: what is refused runs every second. */
const REFUSES_MS = 5000;

/**
 * Tells operators how Redis is: one line when it fails, one for each other state during the same incident, a summary
 * every 30 s, and one line when it is back. All connections and all background work report here, so that the number of
 * lines does not depend on their number, nor on that of their attempts.
 */
export class RedisReport {
  private incident: Incident | null = null;
  private ended: { readonly at: number; readonly quietMs: number } | null = null;
  private refusedAt = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;
  private isAsking = false;
  private readonly seen = new WeakSet();

  constructor(private readonly parts: RedisReportParts) {}

  /** Whether Redis refuses what the program needs. */
  get isRefusing(): boolean {
    return Date.now() - this.refusedAt < REFUSES_MS;
  }

  /** @param error counted once, although several listeners may get it */
  troubled(trouble: RedisTrouble, error: object): void {
    if (this.seen.has(error)) {
      return;
    }
    this.seen.add(error);
    const now = Date.now();
    this.refusedAt = trouble.isRefusal ? now : this.refusedAt;
    const incident = (this.incident ??= this.begin(trouble, now));
    incident.lastAt = now;
    incident.answeredAt = null;
    incident.counts.set(trouble.kind, (incident.counts.get(trouble.kind) ?? 0) + 1);
    const isNews = !trouble.impliedBy?.some((state) => incident.told.has(state));
    if (isNews && !incident.told.has(trouble.kind)) {
      incident.told.add(trouble.kind);
      this.tell(incident, trouble);
    }
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private begin({ isRefusal, lastedMs }: RedisTrouble, now: number): Incident {
    const least = isRefusal ? QUIET_MS.refusal : QUIET_MS.outage;
    const again = this.ended !== null && now - this.ended.at < SOON_MS ? this.ended.quietMs * 2 : 0;
    const quietMs = Math.min(QUIET_MAX_MS, Math.max(least, again));
    clearInterval(this.timer);
    this.timer = setInterval(() => this.check(), CHECK_MS);
    this.timer.unref();
    return {
      since: now - lastedMs,
      quietMs,
      counts: new Map(),
      told: new Set(),
      lastAt: now,
      toldAt: now,
      answeredAt: null,
    };
  }

  private tell(incident: Incident, { kind, node, reason, command, text }: RedisTrouble): void {
    const { redis, logger } = this.parts;
    const fields = { redis, ...(node !== null && { node }), state: kind, reason, ...(command !== null && { command }) };
    logger.warn({ part: 'redis', ...fields, since: new Date(incident.since) }, text);
  }

  private check(): void {
    const { incident } = this;
    if (incident === null) {
      return;
    }
    const now = Date.now();
    if (incident.answeredAt !== null && now - incident.lastAt >= incident.quietMs) {
      this.end(incident, incident.answeredAt);
      return;
    }
    if (now - incident.toldAt >= SUMMARY_MS) {
      incident.toldAt = now;
      const { redis, logger } = this.parts;
      const failures = Object.fromEntries(incident.counts);
      incident.counts.clear();
      logger.warn({ part: 'redis', redis, failures, since: new Date(incident.since) }, 'Redis is still not well');
    }
    this.ask(incident);
  }

  private ask(incident: Incident): void {
    if (!this.isAsking && incident.answeredAt === null) {
      this.isAsking = true;
      const { lastAt } = incident;
      this.parts
        .answers()
        .then(() => (incident.answeredAt = incident.lastAt === lastAt ? Date.now() : null))
        .catch(() => undefined) // The caller that needs the answer reports the error.
        .finally(() => (this.isAsking = false));
    }
  }

  private end({ since, quietMs, counts }: Incident, answeredAt: number): void {
    const { redis, logger } = this.parts;
    const afterMs = answeredAt - since;
    const failures = Object.fromEntries(counts);
    const fields = { part: 'redis', redis, since: new Date(since), after_ms: afterMs, failures };
    logger.info(fields, `Redis is back after ${(afterMs / 1000).toFixed(1)} s`);
    this.incident = null;
    this.ended = { at: Date.now(), quietMs };
    clearInterval(this.timer);
  }
}
