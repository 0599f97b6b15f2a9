import { diag, DiagLogLevel } from '@opentelemetry/api';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-node';
import type { Logger } from 'pino';

import { DeliverySpans } from './delivery-spans.js';
import { PollSpans } from './poll-spans.js';
import { SampledLines } from './sampled-lines.js';
import type { Tracing, TracingSettings } from './tracing.js';
import { programVersion } from './version.js';

/** Time in which one line tells of spans that could not be sent, ms. */
const FAULTS_SPAN_MS = 60_000;
/** Longest wait for the last spans of a program that stops, ms. */
const STOP_MS = 2000;

const EXPORTERS = { 'http/protobuf': ProtobufExporter, 'http/json': JsonExporter } as const;

/**
 * Traces by OpenTelemetry. Its SDK reads the variables that everybody knows: `OTEL_EXPORTER_OTLP_*`, `OTEL_TRACES_SAMPLER`,
 * `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_BSP_*`.
 */
export class OtelTracing implements Tracing {
  readonly polls: PollSpans;
  readonly deliveries: DeliverySpans;
  private readonly provider: NodeTracerProvider;
  private readonly fault: () => void;

  /** @param processor in place of the one that sends by OTLP */
  constructor(
    protocol: TracingSettings['otelExporterOtlpProtocol'],
    program: string,
    logger: Pick<Logger, 'info' | 'warn' | 'error'>,
    processor: SpanProcessor = new BatchSpanProcessor(new EXPORTERS[protocol]()),
  ) {
    const lines = new SampledLines(logger, FAULTS_SPAN_MS);
    // Its texts may hold what a collector answered, so none is written.
    this.fault = () =>
      lines.say('traces', {
        level: 'warn',
        fields: { part: 'traces' },
        text: 'traces cannot be sent: is there a collector at OTEL_EXPORTER_OTLP_ENDPOINT, and does it take them?',
      });
    const silent = () => undefined;
    diag.setLogger(
      { error: this.fault, warn: this.fault, info: silent, debug: silent, verbose: silent },
      { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
    );
    const own = { 'service.name': `pollcast-${program}`, 'service.version': programVersion() };
    this.provider = new NodeTracerProvider({
      resource: defaultResource()
        .merge(resourceFromAttributes(own))
        .merge(detectResources({ detectors: [envDetector] })),
      spanProcessors: [processor],
    });
    const tracer = this.provider.getTracer('pollcast', programVersion());
    this.polls = new PollSpans(tracer);
    this.deliveries = new DeliverySpans(tracer);
  }

  async stop(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, STOP_MS)));
    await Promise.race([this.provider.shutdown().catch(this.fault), late]);
    clearTimeout(timer);
  }
}
