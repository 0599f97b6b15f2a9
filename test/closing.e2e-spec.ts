import { clientOf } from './harness/clients/clients.js';
import { useDeployment } from './fixtures/use-deployment.js';
import { exchange } from './harness/clients/exchange.js';
import { expectEverything } from './fixtures/expect-everything.js';
import { CONFIDENTIAL } from './harness/log-faults.js';
import { SocketClient, type ConnectError } from './harness/clients/socket-client.js';
import { SseClient, StreamRefused } from './harness/clients/sse-client.js';
import { tokenFor } from './harness/clients/tokens.js';
import { freshTickets, postTraffic } from './harness/upstream/traffic.js';
import { until } from './harness/until.js';

const TRANSPORTS = ['sse', 'websocket', 'polling'] as const;
const MAX_CONNECTIONS = 3;
const DRAIN_MS = 5000;
const UNSENT_MAX_BYTES = 65_536;

/** The gateway announces each end of a connection, and a client can resume after it. */
describe('a connection that the gateway ends', () => {
  const deployment = useDeployment({
    gateways: 2,
    settings: {
      MAX_CONNECTIONS_PER_SUBJECT: String(MAX_CONNECTIONS),
      SLOW_CONSUMER_MAX_BYTES: String(UNSENT_MAX_BYTES),
      // The last client is closed when a tenth of this time is left. Long polling needs some time to receive that.
      DRAIN_MS: String(DRAIN_MS),
      POLL_INTERVAL_MS: '300',
      POLL_INTERVAL_MAX_MS: '300',
    },
  });
  let subjects = 0;
  const subject = () => `subject-${(subjects += 1)}`;

  beforeEach(() => deployment.restore());

  it.each(TRANSPORTS)(
    'A5 E10 W10: is told token_expired as its last event, and resumes with a new token: %s',
    async (transport) => {
      const { upstream } = deployment;
      const [caseId = ''] = freshTickets(1);
      const sub = subject();
      const expiresInS = 2;
      const client = clientOf(transport, { token: await tokenFor({ sub, expiresInS }), caseIds: [caseId] });
      await client.open(deployment.gateway().url);
      await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} in time` });
      await client.recording.count(1);

      const { data } = await client.recording.next('closing');
      expect(data).toEqual({ reason: 'token_expired', retry_ms: expect.any(Number) });
      await until(() => client.ended !== null, 5000, 'the connection to end');
      expect(client.ended).toBe({ sse: 'end', websocket: 'transport close', polling: 'transport error' }[transport]);
      expect(client.recording.frames.at(-1)?.event).toBe('closing');

      await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} meanwhile` });
      const successor = clientOf(transport, { token: await tokenFor({ sub }), caseIds: [caseId] });
      successor.recording.lastEventId = client.recording.lastEventId;
      expect(await successor.open(deployment.gateway(1).url)).toMatchObject({ recovered: true });
      await successor.recording.count(1);
      expect(successor.recording.contents).toEqual([`${CONFIDENTIAL} meanwhile`]);
      successor.close();
    },
  );

  it('P4 E10 P1: is told draining when its gateway stops, one client after the other, and loses nothing', async () => {
    const { upstream } = deployment;
    const tickets = freshTickets(4);
    const tokens = await Promise.all(Array.from({ length: 8 }, () => tokenFor({ sub: subject() })));
    const live = tokens.map((token, at) =>
      clientOf(TRANSPORTS[at % 3] ?? 'sse', { token, caseIds: [0, 1].map((step) => tickets[(at + step) % 4] ?? '') }),
    );
    const leaving = deployment.gateway(0);
    await Promise.all(live.map((client) => client.open(leaving.url)));
    const traffic = postTraffic(upstream, { caseIds: tickets, messages: 120, overMs: 3000 });
    await live[0]?.recording.count(10);

    const stopped = leaving.stop();
    const readiness: number[] = [];
    const watching = until(
      async () =>
        readiness.push((await exchange(`${leaving.url}/health/ready`).catch(() => ({ status: 0 }))).status) > 2,
      10_000,
      'three looks at its readiness',
    );
    const told = await Promise.all(
      live.map(async (client) => {
        const { data, at } = await client.recording.next('closing');
        expect(data).toEqual({ reason: 'draining', retry_ms: expect.any(Number) });
        expect([data.retry_ms >= 100, data.retry_ms <= 2000]).toEqual([true, true]);
        await until(() => client.ended !== null, 5000, 'the connection to end');
        expect(await client.open(deployment.gateway(1).url)).toMatchObject({ recovered: true });
        return at;
      }),
    );
    expect(await stopped).toBe(0);
    expect(Math.max(...told) - Math.min(...told)).toBeGreaterThan(DRAIN_MS / 2);
    await watching;
    // Never ready after the signal. It still answers at first.
    expect(readiness[0]).toBe(503);
    expect(readiness).not.toContain(200);
    await traffic;

    await expectEverything(upstream, live);
    live.forEach((client) => client.close());
  });

  it.each(['sse', 'websocket'] as const)(
    'P3 E10 P1: is told slow_consumer when it does not read, others are not held up, and it loses nothing: %s',
    async (transport) => {
      const { upstream } = deployment;
      const [caseId = ''] = freshTickets(1);
      const slow = clientOf(transport, { token: await tokenFor({ sub: subject() }), caseIds: [caseId] });
      const brisk = clientOf('sse', { token: await tokenFor({ sub: subject() }), caseIds: [caseId] });
      await Promise.all([slow, brisk].map((client) => client.open(deployment.gateway(0).url)));
      const closings = async () =>
        [...(await deployment.gateway(0).metrics('pollcast_closings_total'))]
          .filter(([sample]) => sample.includes('slow_consumer'))
          .reduce((sum, [, value]) => sum + value, 0);
      const before = await closings();

      slow.pause();
      // The buffers of the kernel hold some megabytes before anything is unsent.
      const extra = JSON.stringify({ padding: 'x'.repeat(200_000) });
      for (let batch = 1; (await closings()) === before; batch += 1) {
        expect(batch).toBeLessThan(60);
        await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} ${batch}.{n}`, count: 4, extra });
        await brisk.recording.count(4 * batch);
      }
      slow.resume();
      const { data } = await slow.recording.next('closing');
      expect(data).toEqual({ reason: 'slow_consumer', retry_ms: expect.any(Number) });
      expect([data.retry_ms >= 1000, data.retry_ms <= 5000]).toEqual([true, true]);
      await until(() => slow.ended !== null, 10_000, 'the connection to end');
      expect(await slow.open(deployment.gateway(1).url)).toMatchObject({ recovered: true });

      await expectEverything(upstream, [slow, brisk]);
      expect(brisk.recording.of('closing')).toEqual([]);
      [slow, brisk].forEach((client) => client.close());
    },
    90_000,
  );

  it.each(['sse', 'websocket'] as const)(
    'P3: is not ended by a replay that is larger than what may be unsent, while its client reads: %s',
    async (transport) => {
      const { upstream } = deployment;
      const [caseId = ''] = freshTickets(1);
      const token = await tokenFor({ sub: subject() });
      const [client, observer] = [transport, 'sse' as const].map((each) =>
        clientOf(each, { token, caseIds: [caseId] }),
      );
      await observer?.open(deployment.gateway(0).url);
      await client?.open(deployment.gateway(0).url);
      client?.cut();
      const extra = JSON.stringify({ padding: 'x'.repeat(2000) });
      const count = Math.ceil(UNSENT_MAX_BYTES / 2000);
      for (let batch = 1; batch <= 20; batch += 1) {
        await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} ${batch}.{n}`, count, extra });
        await observer?.recording.count(count * batch);
      }
      expect(await client?.open(deployment.gateway(1).url)).toMatchObject({ recovered: true });
      expect(client?.recording.of('closing')).toEqual([]);
      await expectEverything(
        upstream,
        [client, observer].flatMap((each) => each ?? []),
      );
      [client, observer].forEach((each) => each?.close());
    },
  );

  it('W1 X1: is refused beyond the limit of its subject, and other subjects are not affected', async () => {
    const caseIds = freshTickets(1);
    const sub = subject();
    const gateway = deployment.gateway(0).url;
    const token = await tokenFor({ sub });
    const clients = (['sse', 'websocket', 'polling'] as const).map((each) => clientOf(each, { token, caseIds }));
    for (const client of clients) await client.open(gateway);

    const refused = await new SseClient({ token, caseIds }).open(gateway).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(StreamRefused);
    expect(refused).toMatchObject({
      status: 429,
      retryAfter: expect.stringMatching(/^\d+$/),
      problem: { code: 'too_many' },
    });
    const error = await new SocketClient({ token, caseIds }).open(gateway).catch((reason: ConnectError) => reason);
    expect(error).toMatchObject({ data: { code: 'too_many', retry_ms: expect.any(Number) } });

    const other = clientOf('sse', { token: await tokenFor({ sub: subject() }), caseIds });
    await other.open(gateway);
    clients[0]?.close();
    const next = clientOf('sse', { token, caseIds });
    // The gateway notices the end of a connection a moment after the client.
    await until(() => next.open(gateway).catch(() => null), 5000, 'a place for another connection');
    [...clients, other, next].forEach((client) => client.close());
  });
});
