import { InMemorySpanExporter, SimpleSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace-node';

import { UpstreamFailure, type SetRef } from '#core';
import { OtelTracing } from './otel-tracing.js';

const REF: SetRef = { feed: 'default zh-cn' as SetRef['feed'], id: 7 };
const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** How they are sent is in test/tracing.e2e-spec.ts. */
describe('traces', () => {
  const environment = { ...process.env };
  let exporter: InMemorySpanExporter;

  const start = (variables: Record<string, string> = {}) => {
    Object.assign(process.env, variables);
    exporter = new InMemorySpanExporter();
    return new OtelTracing('http/json', 'worker', logger, new SimpleSpanProcessor(exporter));
  };
  const spans = (): readonly ReadableSpan[] => exporter.getFinishedSpans();
  afterEach(() => (process.env = { ...environment }));

  it('are one tree from the poll to what clients get', async () => {
    const { polls, deliveries } = start({ OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test' });
    const publication = {};
    const texts: (string | null)[] = [];
    await polls.poll(REF, async () => {
      await polls.request(3, async () => void texts.push(polls.traceparent()));
      await polls.commit(2, async () => {
        texts.push(polls.recorded());
        return { kind: 'committed', published: 1 };
      });
    });
    deliveries.heard(String(texts[1]), publication);
    deliveries.heard(String(texts[1]), {});
    deliveries.written(publication);
    deliveries.written(publication);
    await new Promise(setImmediate);

    const span = (name: string) => spans().find((each) => each.name === name);
    const [poll, request, commit, hear, write] = ['poll', 'upstream request', 'commit', 'hear', 'write'].map(span);
    const idOf = (each: ReadableSpan | undefined) => each?.spanContext().spanId;
    const parents = [poll, request, commit, hear, write].map((each) => each?.parentSpanContext?.spanId);
    expect(parents).toEqual([undefined, idOf(poll), idOf(poll), idOf(commit), idOf(hear)]);
    expect([spans().length, new Set(spans().map((each) => each.spanContext().traceId)).size]).toEqual([5, 1]);
    expect(texts[0]).toBe(`00-${poll?.spanContext().traceId}-${idOf(request)}-01`);
    expect(commit?.attributes).toMatchObject({ 'pollcast.outcome': 'committed', 'pollcast.published': 1 });
    expect([hear?.attributes, write?.attributes]).toEqual([{ 'pollcast.publications': 2 }, {}]);
    expect(poll?.attributes).toEqual({ 'pollcast.feed': REF.feed, 'pollcast.set': 7 });
    const named = { 'service.name': 'pollcast-worker', 'deployment.environment.name': 'test' };
    expect(poll?.resource.attributes).toMatchObject(named);
  });

  it('hold no job that sends nothing, and of an error its code', async () => {
    const { polls } = start({ OTEL_SERVICE_NAME: 'mine' });
    await polls.poll(REF, async () => 'not due');
    const failed = polls.poll(REF, () =>
      polls.request(1, async () => {
        throw new UpstreamFailure('throttled', 'the text of an answer');
      }),
    );
    await expect(failed).rejects.toThrow(UpstreamFailure);
    const broken = polls.poll(REF, () =>
      polls.commit(1, async (): Promise<{ kind: string }> => {
        throw new TypeError('the text of an error');
      }),
    );
    await expect(broken).rejects.toThrow(TypeError);
    const types = spans().map(({ name, attributes }) => [name, attributes['error.type']]);
    expect(types).toEqual([
      ['upstream request', 'throttled'],
      ['poll', undefined],
      ['commit', 'TypeError'],
      ['poll', undefined],
    ]);
    expect(JSON.stringify(spans().map(({ status, events, attributes }) => [status, events, attributes]))).not.toContain(
      'the text',
    );
    expect(spans()[0]?.resource.attributes['service.name']).toBe('mine');
  });

  it('begin in a gateway only with a trace that a worker wrote, and end with the tick', async () => {
    const { deliveries } = start();
    const [late, trace] = [{}, `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`];
    const unreadable = ['', 'x', `00-${'0'.repeat(30)}`, `01${trace.slice(2)}`, `${trace.slice(0, -2)}00`, `${trace} `];
    unreadable.forEach((text) => deliveries.heard(text, {}));
    deliveries.written({});
    deliveries.heard(trace, late);
    await new Promise(setImmediate);
    deliveries.written(late);
    await new Promise(setImmediate);
    expect(spans().map(({ name, parentSpanContext }) => [name, parentSpanContext?.spanId])).toEqual([
      ['hear', 'b'.repeat(16)],
    ]);
  });

  it('are sampled by OTEL_TRACES_SAMPLER: what is not recorded goes upstream as such, and to no gateway', async () => {
    const { polls } = start({ OTEL_TRACES_SAMPLER: 'always_off' });
    const told = await polls.poll(REF, () => polls.request(1, async () => [polls.traceparent(), polls.recorded()]));
    expect(told).toEqual([expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/), null]);
    expect(spans()).toEqual([]);
  });
});
