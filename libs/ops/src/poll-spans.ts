import { AsyncLocalStorage } from 'node:async_hooks';

import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Span,
  type Tracer,
} from '@opentelemetry/api';

import type { SetRef } from '#core';
import type { PollTracing } from './tracing.js';

/** The spans of one poll so far. */
interface Running {
  readonly set: SetRef;
  poll: Span | null;
  /** Its child that runs: a request, a commit. */
  step: Span | null;
}

/** Attributes hold names and numbers alone: no contents, no tickets, no secrets. */
export class PollSpans implements PollTracing {
  private readonly running = new AsyncLocalStorage<Running>();

  constructor(private readonly tracer: Tracer) {}

  poll<T>(set: SetRef, run: () => Promise<T>): Promise<T> {
    const running: Running = { set, poll: null, step: null };
    return this.running.run(running, async () => {
      try {
        return await run();
      } finally {
        running.poll?.end();
      }
    });
  }

  request<T>(tickets: number, run: () => Promise<T>): Promise<T> {
    const attributes = { 'http.request.method': 'GET', 'pollcast.tickets': tickets };
    return this.step('upstream request', attributes, run);
  }

  commit<T extends { readonly kind: string }>(entries: number, run: () => Promise<T>): Promise<T> {
    const attributes = { 'db.system.name': 'redis', 'pollcast.entries': entries };
    return this.step('commit', attributes, async () => {
      const committed = await run();
      this.running.getStore()?.step?.setAttributes({
        'pollcast.outcome': committed.kind,
        ...('published' in committed && { 'pollcast.published': Number(committed.published) }),
      });
      return committed;
    });
  }

  traceparent(): string | null {
    const context = this.running.getStore()?.step?.spanContext();
    return context ? textOf(context) : null;
  }

  recorded(): string | null {
    const step = this.running.getStore()?.step;
    return step?.isRecording() ? textOf(step.spanContext()) : null;
  }

  private async step<T>(name: string, attributes: Attributes, run: () => Promise<T>): Promise<T> {
    const running = this.running.getStore();
    if (running === undefined) {
      return run();
    }
    const step = this.begin(running, name, attributes);
    running.step = step;
    try {
      return await run();
    } catch (error) {
      step.setStatus({ code: SpanStatusCode.ERROR });
      step.setAttribute('error.type', typeOf(error));
      throw error;
    } finally {
      running.step = null;
      step.end();
    }
  }

  /** Begins a step, and with the first one the poll: jobs that send nothing leave no trace. */
  private begin(running: Running, name: string, attributes: Attributes): Span {
    const { feed, id } = running.set;
    running.poll ??= this.tracer.startSpan(
      'poll',
      { kind: SpanKind.INTERNAL, root: true, attributes: { 'pollcast.feed': feed, 'pollcast.set': id } },
      ROOT_CONTEXT,
    );
    return this.tracer.startSpan(
      name,
      { kind: SpanKind.CLIENT, attributes },
      trace.setSpan(ROOT_CONTEXT, running.poll),
    );
  }
}

/** The code of an upstream's failure, or else the class: an error's text may hold what must not be seen. */
function typeOf(error: unknown): string {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? code : error instanceof Error ? error.name : typeof error;
}

function textOf({ traceId, spanId, traceFlags }: ReturnType<Span['spanContext']>): string {
  const isSampled = (traceFlags & TraceFlags.SAMPLED) !== 0;
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}
