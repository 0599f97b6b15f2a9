import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { clientOf } from './harness/clients/clients.js';
import { useDeployment } from './fixtures/use-deployment.js';
import { expectEverything } from './fixtures/expect-everything.js';
import { CONFIDENTIAL } from './harness/log-faults.js';
import { ROOT } from './harness/processes/repository.js';
import { tokenFor } from './harness/clients/tokens.js';
import { TraceReceiver, type ReceivedSpan } from './harness/trace-receiver.js';
import { freshTickets } from './harness/upstream/traffic.js';
import { until } from './harness/until.js';

/** Runs code beside the built programs; returns what it printed. */
async function printed(code: string, variables: Record<string, string> = {}): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', code], {
    cwd: ROOT,
    env: { ...process.env, ...variables },
    timeout: 30_000,
  });
  return stdout;
}

const SEND_ONE = `
  const { OtelTracing } = require('./dist/libs/ops/src/otel-tracing.js');
  const say = (fields, text) => console.log(text);
  const tracing = new OtelTracing('http/protobuf', 'worker', { info: say, warn: say, error: say });
  tracing.polls.poll({ feed: 'f', id: 1 }, () => tracing.polls.request(1, async () => undefined)).then(() => tracing.stop());
`;

/** Traces, sent to a real receiver. */
describe('OpenTelemetry', () => {
  const receiver = new TraceReceiver();
  beforeAll(() => receiver.listen());
  afterAll(() => receiver.close());
  const deployment = useDeployment({
    gateways: 2,
    settings: () => ({
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '100',
    }),
  });

  it('shows one trace from the poll to the clients of each gateway, and the upstream gets its id', async () => {
    const { upstream } = deployment;
    const [caseId = ''] = freshTickets(1);
    const token = await tokenFor();
    const clients = [0, 0, 1].map(() => clientOf('sse', { token, caseIds: [caseId] }));
    await Promise.all(clients.map((client, at) => client.open(deployment.gateway(at === 2 ? 1 : 0).url)));
    await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} and traced` });
    await expectEverything(upstream, clients);

    const of = (name: string, { spanId }: ReceivedSpan) =>
      receiver.spans.filter((span) => span.name === name && span.parentSpanId === spanId);
    const delivered = () =>
      receiver.spans.find(
        (span) => span.name === 'commit' && of('hear', span).flatMap((hear) => of('write', hear)).length === 2,
      );
    await until(() => delivered() !== undefined, 10_000, 'a commit that two gateways wrote to clients');
    const commit = delivered() as ReceivedSpan;
    await until(
      () => receiver.spans.some(({ spanId }) => spanId === commit.parentSpanId),
      10_000,
      'the poll of the commit',
    );
    const trace = receiver.spans.filter(({ traceId }) => traceId === commit.traceId);
    expect(trace.map(({ service, name }) => `${service} ${name}`).sort()).toEqual([
      'pollcast-gateway hear',
      'pollcast-gateway hear',
      'pollcast-gateway write',
      'pollcast-gateway write',
      'pollcast-worker commit',
      'pollcast-worker poll',
      'pollcast-worker upstream request',
    ]);
    const request = trace.find(({ name }) => name === 'upstream request');
    expect(request?.parentSpanId).toBe(commit.parentSpanId);
    const heard = (await upstream.requests()).map(({ traceparent }) => traceparent);
    expect(heard).toContain(`00-${commit.traceId}-${request?.spanId}-01`);
    expect(receiver.bodies.map(({ body }) => body.toString()).filter((body) => body.includes(CONFIDENTIAL))).toEqual(
      [],
    );
    clients.forEach((client) => client.close());
  });

  it('gets traces as protobuf unless something else is asked for', async () => {
    await printed(SEND_ONE, { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
    const binary = receiver.bodies.filter(({ type }) => type === 'application/x-protobuf');
    expect(binary.map(({ path, body }) => [path, body.includes('upstream request')])).toEqual([['/v1/traces', true]]);
  });

  it('that takes no traces is told of in one line', async () => {
    const nobody = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_EXPORTER_OTLP_TIMEOUT: '500' };
    expect(await printed(SEND_ONE, nobody)).toMatch(/^traces cannot be sent[^\n]*\n$/);
  });

  it('is not loaded while it is off', async () => {
    const loaded = await printed(`
      const { startTracing } = require('./dist/libs/ops/src/start-tracing.js');
      require('./dist/apps/gateway/src/gateway.module.js');
      require('./dist/apps/worker/src/worker.module.js');
      startTracing({ otelExporterOtlpEndpoint: '' }, 'worker', console).then((tracing) => {
        const names = Object.keys(require.cache).map((path) => /@opentelemetry.([^/]+)/.exec(path)?.[1]);
        console.log(JSON.stringify([tracing, [...new Set(names.filter(Boolean))]]));
      });
    `);
    // prom-client loads the interface by itself, for its exemplars.
    expect(JSON.parse(loaded)).toEqual([null, ['api']]);
  });
});
