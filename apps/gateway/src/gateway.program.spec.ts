import { record } from '../test/recording.js';
import { RunningGateway, token } from '../test/running-gateway.js';
import { until } from '../../../test/harness/until.js';

describe('a gateway', () => {
  let gateway: RunningGateway;

  afterEach(() => gateway.stop());

  it('pages through a history', async () => {
    gateway = await RunningGateway.start();
    for (const content of ['a', 'b', 'c']) await gateway.store.publish('A1', content);
    const read = async (query: string) =>
      JSON.parse((await (await gateway.read(`/v1/cases/A1/messages?${query}`)).whole()).text);
    const first = await read('limit=2');
    expect(first).toMatchObject({ more: true, events: [{ event: 'message', message: { content: 'a' } }, {}] });
    expect(first.last_event_id).toBe(first.events[1].id);
    const second = await read(`after=${first.last_event_id}`);
    expect(second).toMatchObject({ more: false, events: [{ message: { content: 'c' } }] });
    expect(await read(`after=${second.last_event_id}`)).toMatchObject({ events: [], more: false });
    const strange = await read('after=nonsense');
    expect(strange.events.map(({ event }: { event: string }) => event)).toEqual([
      'gap',
      'message',
      'message',
      'message',
    ]);
    const foreign = await (await gateway.read('/v1/cases/B1/messages')).whole();
    expect(foreign.response.statusCode).toBe(403);
  });

  it('lets pages of allowed origins in, and answers their preflights', async () => {
    gateway = await RunningGateway.start({ ALLOWED_ORIGINS: 'https://app.example' });
    const origin = 'https://app.example';
    const stream = await gateway.read('/v1/events?case_ids=A1', { origin });
    expect(stream.response.headers['access-control-allow-origin']).toBe(origin);
    const asked = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' };
    const preflight = await fetch(`${gateway.url}/v1/hints`, { method: 'OPTIONS', headers: { origin, ...asked } });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toBe('content-type');
    expect(preflight.headers.get('access-control-allow-methods')).toContain('POST');
    expect((await fetch(`${gateway.url}/v1/events`, { method: 'DELETE' })).status).toBe(405);
  });

  it('drains: it is not ready at once, tells every client, and ends', async () => {
    gateway = await RunningGateway.start();
    const stream = await gateway.read('/v1/events?case_ids=A1');
    const socket = await gateway.connect({ token: await token() });
    const events = record(socket);
    await until(() => stream.has('ready'));
    const stopped = gateway.program.stop();
    expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(503);
    await stopped;
    await until(() => stream.ended && !socket.connected);
    expect(stream.events.at(-1)).toMatchObject({ event: 'closing', data: { reason: 'draining' } });
    expect(events.at(-1)).toEqual(['closing', { reason: 'draining', retry_ms: expect.any(Number) }]);
  });
});
