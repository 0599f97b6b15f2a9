import { ROOT_CONTEXT, SpanKind, trace, TraceFlags, type Context, type Span, type Tracer } from '@opentelemetry/api';

import type { DeliveryTracing } from './tracing.js';

/** What one commit published, as far as it was heard in one tick of the event loop. */
interface FanOut {
  readonly hear: Span;
  /** The span in which clients are written to; null: to none so far. */
  write: Span | null;
  publications: number;
}

/** Commits that are traced in one tick. What others published is delivered without spans. */
const FAN_OUTS_MAX = 1000;

/** `traceparent` of W3C Trace Context, as PollSpans writes it. */
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-01$/;

/**
 * One span for what a gateway hears of a commit, and in it one for all of its clients, whatever their number. Publications
 * that are heard in one tick are written at its end, so both spans end after it.
 */
export class DeliverySpans implements DeliveryTracing {
  private readonly fanOuts = new Map<string, FanOut>();
  private readonly ofPublication = new WeakMap<object, FanOut>();

  constructor(private readonly tracer: Tracer) {}

  heard(text: string, publication: object): void {
    const fanOut = this.fanOuts.get(text) ?? this.begin(text);
    if (fanOut !== null) {
      fanOut.publications += 1;
      this.ofPublication.set(publication, fanOut);
    }
  }

  written(publication: object): void {
    const fanOut = this.ofPublication.get(publication);
    // One that is written later was held back by a repair: its span has ended.
    if (fanOut?.hear.isRecording()) {
      const within = trace.setSpan(ROOT_CONTEXT, fanOut.hear);
      fanOut.write ??= this.tracer.startSpan('write', { kind: SpanKind.PRODUCER }, within);
    }
  }

  private begin(text: string): FanOut | null {
    const parent = contextOf(text);
    if (parent === null || this.fanOuts.size >= FAN_OUTS_MAX) {
      return null;
    }
    if (this.fanOuts.size === 0) {
      setImmediate(() => this.end());
    }
    const hear = this.tracer.startSpan('hear', { kind: SpanKind.CONSUMER }, parent);
    const fanOut: FanOut = { hear, write: null, publications: 0 };
    this.fanOuts.set(text, fanOut);
    return fanOut;
  }

  private end(): void {
    for (const { hear, write, publications } of this.fanOuts.values()) {
      write?.end();
      hear.setAttribute('pollcast.publications', publications);
      hear.end();
    }
    this.fanOuts.clear();
  }
}

/** Null for a text that is none: Redis may hold anything. */
function contextOf(text: string): Context | null {
  const [, traceId, spanId] = TRACEPARENT.exec(text) ?? [];
  return traceId !== undefined && spanId !== undefined
    ? trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true })
    : null;
}
