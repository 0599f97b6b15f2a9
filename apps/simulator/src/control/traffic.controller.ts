import { Controller, Get, HttpCode, ParseIntPipe, Post, Query } from '@nestjs/common';
import { type LoggedRequest } from '../traffic/request-log.js';
import { type Counters, Traffic } from '../traffic/traffic.js';

/** A request as the control API lists it. */
interface RequestReport {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly case_ids: readonly string[];
  readonly cursor: string | null;
  readonly group_id: string | null;
  readonly language: string;
  readonly user_agent: string | null;
  readonly traceparent: string | null;
  /** Null while in flight; `none` if the connection ended before any answer. */
  readonly status: number | 'none' | null;
  readonly duration_ms: number | null;
}

const DEFAULT_LIMIT = 100;

/** Lists and counts what clients asked for. */
@Controller('control')
export class TrafficController {
  constructor(private readonly traffic: Traffic) {}

  @Get('counters')
  counters(): Counters {
    return this.traffic.counters();
  }

  @Post('counters/reset')
  @HttpCode(204)
  reset(): void {
    this.traffic.reset();
  }

  /** The last ones, oldest first. */
  @Get('requests')
  requests(@Query('limit', new ParseIntPipe({ optional: true })) limit?: number): { requests: RequestReport[] } {
    return { requests: this.traffic.log.last(limit ?? DEFAULT_LIMIT).map(report) };
  }
}

const report = ({
  at,
  query,
  cursor,
  language,
  userAgent,
  traceparent,
  status,
  durationMs,
}: LoggedRequest): RequestReport => ({
  at,
  case_ids: query?.caseIds ?? [],
  cursor: cursor ?? null,
  group_id: query?.groupId ?? null,
  language,
  user_agent: userAgent ?? null,
  traceparent: traceparent ?? null,
  status: status ?? null,
  duration_ms: durationMs ?? null,
});
