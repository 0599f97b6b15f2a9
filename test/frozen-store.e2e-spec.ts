import { useDeployment } from './fixtures/use-deployment.js';
import { exchange } from './harness/clients/exchange.js';
import { SocketClient } from './harness/clients/socket-client.js';
import { SseClient } from './harness/clients/sse-client.js';
import { tokenFor } from './harness/clients/tokens.js';
import type { Ready } from './harness/clients/wire.js';
import { CONFIDENTIAL } from './harness/log-faults.js';
import { freshTickets } from './harness/upstream/traffic.js';
import { until } from './harness/until.js';

/** "Within about five seconds", on a machine that is busy with other tests, ms. */
const ANSWERED_MS = 7000;

/** Lines that one program writes about one outage. */
const LINES_MAX = 6;

/** Redis keeps its connections and answers nothing, as in a network that drops packets. */
describe('a gateway whose store is frozen', () => {
  const deployment = useDeployment({ gateways: 1, allowedLogs: { stackTraces: true } });
  const say = (caseId: string, text: string) =>
    deployment.upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} ${text}` });

  it('X3 X1 S1 W5 R9: refuses every request as unavailable in time, and live subscriptions go on afterwards', async () => {
    const { redis } = deployment;
    const { url } = deployment.gateway();
    const [live = '', asked = '', unknown = ''] = freshTickets(3);
    const token = await tokenFor({ hints: true });
    const stream = new SseClient({ token, caseIds: [live, asked] });
    const socket = new SocketClient({ token, caseIds: [live, asked] });
    for (const client of [stream, socket]) await client.open(url);
    await say(live, 'before');
    await Promise.all([stream, socket].map(({ recording }) => recording.count(1)));

    const programs = [deployment.gateway(), deployment.worker()];
    const lines = () => programs.map(({ stdout }) => stdout.split('\n').length);
    const linesBefore = lines();
    redis.pause();
    const startedAt = Date.now();
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const hint = { method: 'POST', headers, body: JSON.stringify({ case_ids: [live] }) };
    const accept = { ...headers, accept: 'text/event-stream' };
    const [ack, refusedStream, ...refusals] = await Promise.all([
      socket.ask<Ready>('subscribe', { case_ids: [asked, unknown] }),
      exchange(`${url}/v1/events?case_ids=${unknown}`, { headers: accept }),
      exchange(`${url}/v1/events?case_ids=${unknown}`, { headers }),
      exchange(`${url}/v1/cases/${live}/messages`, { headers }),
      exchange(`${url}/v1/hints`, hint),
    ]);
    expect(Date.now() - startedAt).toBeLessThan(ANSWERED_MS);
    expect(ack).toMatchObject({ ok: false, error: { code: 'unavailable', retry_ms: expect.any(Number) } });
    expect(refusedStream.status).toBe(200);
    expect(refusedStream.text).toMatch(
      /^retry: \d+\nevent: closing\ndata: \{"reason":"unavailable","retry_ms":\d+\}\n\n$/,
    );
    for (const { status, headers: answered, text } of refusals) {
      expect([status, answered['content-type']]).toEqual([503, expect.stringMatching(/^application\/problem\+json/)]);
      expect(answered['retry-after']).toMatch(/^[1-9]\d*$/);
      expect(JSON.parse(text)).toMatchObject({ code: 'unavailable', status: 503 });
    }
    await say(live, 'while it was frozen');
    await say(asked, 'to whom is still subscribed');
    redis.resume();

    await stream.recording.count(3, 30_000);
    await socket.recording.count(2, 30_000);
    await say(live, 'after');
    // Whatever failed meanwhile: connections, background work, five requests.
    expect(lines().filter((count, at) => count - (linesBefore[at] ?? 0) > LINES_MAX)).toEqual([]);
    expect(lines()).not.toEqual(linesBefore);
    await Promise.all([stream.recording.count(4), socket.recording.count(3)]);
    const texts = ({ recording }: SseClient | SocketClient, caseId: string) =>
      recording.messages.filter(({ data }) => data.case_id === caseId).map(({ data }) => data.message['content']);
    for (const client of [stream, socket]) {
      const said = ['before', 'while it was frozen', 'after'].map((text) => `${CONFIDENTIAL} ${text}`);
      expect([client.ended, texts(client, live), client.recording.of('gap')]).toEqual([null, said, []]);
    }
    // A ticket is not subscribed after a refused subscribe, although it was live before.
    expect([texts(stream, asked).length, texts(socket, asked).length]).toEqual([1, 0]);
    const again = await until(
      async () => {
        const answer = await socket.ask<Ready>('subscribe', { case_ids: [asked], history: 1 });
        return answer.ok && answer;
      },
      15_000,
      'the store to be used again',
    );
    expect([again.replayed, texts(socket, asked).length]).toEqual([1, 1]);
    [stream, socket].forEach((client) => client.close());
  });
});
