import { until } from '../../../../test/harness/until.js';
import { record } from '../../test/recording.js';
import { RunningGateway, token } from '../../test/running-gateway.js';

const ENV = { MAX_UNKNOWN_CASES_PER_SUBJECT: '3', SUBSCRIPTION_LINGER_MS: '30000' };
/** After this time a ticket of which nothing was published is not new any more, ms. */
const NEW_MS = 10_000;

describe('tickets of which nothing is known', () => {
  let gateway: RunningGateway;
  beforeEach(async () => void (gateway = await RunningGateway.start(ENV)));
  afterEach(() => gateway.stop());

  it('X10: are too many beyond MAX_UNKNOWN_CASES_PER_SUBJECT, over all connections of the subject and no other', async () => {
    const { clock } = gateway.store;
    const wants = jest.spyOn(gateway.store.registry, 'want');
    const socket = await gateway.connect({ token: await token() });
    const events = record(socket);
    expect(await socket.emitWithAck('subscribe', { case_ids: ['A1', 'A2'] })).toMatchObject({ ok: true });
    const third = await gateway.read('/v1/events?case_ids=A3');
    expect(third.response.statusCode).toBe(200);
    wants.mockClear();

    const refused = await socket.emitWithAck('subscribe', { case_ids: ['A1', 'A4'] });
    expect(refused.error).toMatchObject({ code: 'too_many', retry_ms: 2000 });
    clock.advance(NEW_MS);
    const stream = await gateway.read('/v1/events?case_ids=A4');
    expect([stream.response.statusCode, stream.response.headers['retry-after']]).toEqual([429, '30']);
    expect((await stream.whole()).text).toContain('at most 3 tickets at once of which nothing is known');
    expect(wants).not.toHaveBeenCalled(); // Nobody is made to poll it.

    const bob = { authorization: `Bearer ${await token({ sub: 'bob' })}` };
    expect((await gateway.read('/v1/events?case_ids=A4&case_ids=A5', bob)).response.statusCode).toBe(200);
    // W5: what was live before goes on.
    await gateway.store.publish('A1', 'known now');
    await until(() => events.some(([, data]) => data.message?.content === 'known now'));
    clock.advance(1000);
    expect(await socket.emitWithAck('subscribe', { case_ids: ['A4'] })).toMatchObject({ ok: true });
  });

  it('X10: still count after they were unsubscribed, for as long as they are polled', async () => {
    const { clock } = gateway.store;
    const socket = await gateway.connect({ token: await token() });
    const subscribe = (...case_ids: string[]) => socket.emitWithAck('subscribe', { case_ids });
    expect(await subscribe('A1', 'A2', 'A3')).toMatchObject({ ok: true });
    await socket.emitWithAck('unsubscribe', { case_ids: ['A1', 'A2', 'A3'] });
    clock.advance(20_000);
    expect((await subscribe('A4')).error).toMatchObject({ code: 'too_many', retry_ms: 10_000 });
    clock.advance(10_000);
    expect(await subscribe('A4', 'A5', 'A6')).toMatchObject({ ok: true });
  });

  it('do not count once something of them was published, however many there are', async () => {
    const known = Array.from({ length: 10 }, (_, at) => `A${at}`);
    for (const caseId of known) await gateway.store.publish(caseId);
    const socket = await gateway.connect({ token: await token() });
    expect(await socket.emitWithAck('subscribe', { case_ids: [...known, 'A10'] })).toMatchObject({ ok: true });
  });

  it('X10: are too many also where another subject has them, and all of them is in memory', async () => {
    const alice = await gateway.connect({ token: await token() });
    expect(await alice.emitWithAck('subscribe', { case_ids: ['A1', 'A2', 'A3'] })).toMatchObject({ ok: true });
    const bob = { authorization: `Bearer ${await token({ sub: 'bob' })}` };
    const known = await gateway.read('/v1/events?case_ids=A4', bob);
    expect(known.response.statusCode).toBe(200);
    expect((await gateway.read('/v1/events?case_ids=A4')).response.statusCode).toBe(429);
  });
});
