import type { Logger } from 'pino';

import type { Tracing, TracingSettings } from './tracing.js';

/**
 * Begins to trace, if `OTEL_EXPORTER_OTLP_ENDPOINT` is set. OpenTelemetry is loaded here and nowhere else: it takes 15 MB and
 * 100 ms of a start.
 *
 * @param program `gateway` or `worker`
 * @returns null without an endpoint
 */
export async function startTracing(
  settings: TracingSettings,
  program: string,
  logger: Pick<Logger, 'info' | 'warn' | 'error'>,
): Promise<Tracing | null> {
  if (settings.otelExporterOtlpEndpoint === '') {
    return null;
  }
  const { OtelTracing } = await import('./otel-tracing.js');
  return new OtelTracing(settings.otelExporterOtlpProtocol, program, logger);
}
