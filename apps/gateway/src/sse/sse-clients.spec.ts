import { RunningGateway, token } from '../../test/running-gateway.js';
import { until } from '../../../../test/harness/until.js';

/** What existing client libraries need beyond the specification. */
describe('an event stream', () => {
  let gateway: RunningGateway;
  afterEach(() => gateway.stop());

  it('keeps an idle stream alive with events, for clients that do not see comments', async () => {
    gateway = await RunningGateway.start({ SSE_HEARTBEAT_MS: '100' });
    const stream = await gateway.read('/v1/events?case_ids=A1&heartbeat=event');
    await until(() => stream.events.filter(({ event }) => event === 'heartbeat').length >= 2);
    expect(stream.events.at(-1)).toEqual({ event: 'heartbeat', id: undefined, data: {} });
    expect(stream.text).not.toMatch(/^:$/m);
    expect((await gateway.read('/v1/events?case_ids=A1&heartbeat=loud')).response.statusCode).toBe(400);
  });

  it('writes no block without data: some clients read it as an event', async () => {
    gateway = await RunningGateway.start({ SSE_HEARTBEAT_MS: '100' });
    const authorization = `Bearer ${await token({}, 2)}`;
    const stream = await gateway.read('/v1/events?case_ids=A1&last_event_id=nonsense', { authorization });
    await until(() => stream.text.includes('\n:\n'));
    await gateway.store.publish('A1', 'after a heartbeat');
    await stream.whole();
    const blocks = stream.text.split('\n\n');
    expect(blocks.pop()).toBe('');
    expect(blocks.filter((block) => !/^data: ./m.test(block))).toEqual([]);
    expect(stream.text).toMatch(/\nretry: \d+\nevent: closing\n/);
  });

  it.each([
    [0, 500],
    [1, 2500],
  ])('S5: tells a client to be back within 3 s if its gateway dies: %d', async (random, retryMs) => {
    gateway = await RunningGateway.start();
    jest.spyOn(Math, 'random').mockReturnValue(random);
    const stream = await gateway.read('/v1/events?case_ids=A1');
    await until(() => stream.has('ready'));
    jest.restoreAllMocks();
    expect(stream.text).toContain(`retry: ${retryMs}\nid: `);
  });

  it.each(['last_event_id', 'lastEventId', 'Last-Event-ID'])('resumes from the query, too: %s', async (key) => {
    gateway = await RunningGateway.start();
    await gateway.store.publish('A1', 'seen');
    const before = await gateway.read('/v1/events?case_ids=A1');
    await until(() => before.has('ready'));
    await gateway.store.publish('A1', 'missed');
    const position = before.events.at(-1)?.id ?? '';
    // The key that a client adds when it connects again is newer than the key of its URL.
    const query = `case_ids=A1${key === 'last_event_id' ? '' : '&last_event_id=old'}&${key}=${position}`;
    const stream = await gateway.read(`/v1/events?${query}`);
    await until(() => stream.has('ready'));
    expect([stream.contents(), stream.events.at(-1)?.data.recovered]).toEqual([['missed'], true]);
    const header = await gateway.read(`/v1/events?case_ids=A1&${key}=nonsense`, { 'last-event-id': position });
    await until(() => header.has('ready'));
    expect(header.contents()).toEqual(['missed']);
    expect((await gateway.read(`/v1/events?case_ids=A1&${key}=a&${key}=b`)).response.statusCode).toBe(400);
    const strange = await gateway.read(`/v1/events?case_ids=A1&${key}=nonsense`);
    await until(() => strange.has('ready'));
    expect(strange.events[0]).toMatchObject({ event: 'gap', data: { reason: 'unknown_position' } });
  });

  it('gets closing as its first event if the gateway drains at this moment', async () => {
    gateway = await RunningGateway.start();
    const history = jest.spyOn(gateway.store.broker, 'history').mockReturnValue(new Promise(() => undefined));
    const reading = gateway.read('/v1/events?case_ids=A1');
    await until(() => history.mock.calls.length > 0);
    const stopped = gateway.program.stop();
    const stream = await (await reading).whole();
    expect([stream.response.statusCode, stream.response.headers['content-type']]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
    ]);
    expect(stream.events).toEqual([
      { event: 'closing', id: undefined, data: { reason: 'draining', retry_ms: expect.any(Number) } },
    ]);
    expect(stream.text).toBe(
      `retry: ${stream.events[0]?.data.retry_ms}\nevent: closing\ndata: ${JSON.stringify(stream.events[0]?.data)}\n\n`,
    );
    await stopped;
  });

  it('carries a temporary refusal to an EventSource, which would not connect again after another status', async () => {
    gateway = await RunningGateway.start();
    jest.spyOn(gateway.store.broker, 'history').mockRejectedValue(new Error('out of reach'));
    const told = await (await gateway.read('/v1/events?case_ids=A1', { accept: 'text/event-stream' })).whole();
    expect(told.response.statusCode).toBe(200);
    expect(told.events.map(({ event, data }) => [event, data])).toEqual([
      ['closing', { reason: 'unavailable', retry_ms: expect.any(Number) }],
    ]);
    const program = await (await gateway.read('/v1/events?case_ids=A1')).whole();
    expect([program.response.statusCode, program.response.headers['retry-after']]).toEqual([503, '2']);
    // A permanent refusal is answered with its status.
    const accept = { accept: 'text/event-stream' };
    expect((await gateway.read('/v1/events?case_ids=B1', accept)).response.statusCode).toBe(403);
    expect((await gateway.read('/v1/events?case_ids=A1', { ...accept, authorization: '' })).response.statusCode).toBe(
      401,
    );
  });
});
