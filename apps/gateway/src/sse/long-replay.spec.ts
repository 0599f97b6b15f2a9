import { RunningGateway } from '../../test/running-gateway.js';
import { until } from '../../../../test/harness/until.js';

/** A replay that is too large for one tick, over a real connection. */
describe('a long replay over SSE', () => {
  let gateway: RunningGateway;

  beforeEach(async () => {
    gateway = await RunningGateway.start();
  });
  afterEach(() => gateway.stop());

  const read = (query: string, headers = {}) => gateway.read(`/v1/events?${query}`, headers);

  it('R12 S2: is one replay with one head and one ready, and goes on live', async () => {
    const said: string[] = [];
    for (let count = 0; count < 16; count += 1) {
      said.push(await gateway.store.publish(count % 2 === 0 ? 'A1' : 'A2', `${count} ${'x'.repeat(100_000)}`));
    }
    const stream = await read('case_ids=A1&case_ids=A2');
    await until(() => stream.has('ready'));
    said.push(await gateway.store.publish('A1', 'live'));
    await until(() => stream.contents().length === said.length);
    expect(stream.contents()).toEqual(said);
    expect(stream.text.match(/^retry: /gm)).toHaveLength(1);
    const at = stream.events.findIndex(({ event }) => event === 'ready');
    expect(stream.events[at]?.data).toMatchObject({ replayed: 16, recovered: false });
    expect(at).toBe(16);
    const middle = await read('case_ids=A1&case_ids=A2', { 'last-event-id': stream.events[4]?.id ?? '' });
    await until(() => middle.has('ready'));
    expect(middle.contents()).toEqual(said.slice(5));
    expect(middle.events.at(-1)?.data).toMatchObject({ replayed: 12, recovered: true });
  });

  it('S1: ends as unavailable if the store fails in its middle, and resumes from there', async () => {
    const said: string[] = [];
    for (let count = 0; count < 1200; count += 1) {
      said.push(await gateway.store.publish(count % 2 === 0 ? 'A1' : 'A2', `${count}`));
    }
    const { broker } = gateway.store;
    const slice = broker.slice.bind(broker);
    const failing = jest
      .spyOn(broker, 'slice')
      .mockImplementationOnce(slice)
      .mockRejectedValueOnce(new Error('out of reach'));
    const cut = await (await read('case_ids=A1&case_ids=A2&history=1000')).whole();
    expect(failing).toHaveBeenCalledTimes(2);
    expect(cut.events.at(-1)).toMatchObject({ event: 'closing', data: { reason: 'unavailable' } });
    const had = cut.contents();
    expect(had).toEqual(said.slice(0, had.length));
    expect(had.length).toBeGreaterThan(100);
    const rest = await read('case_ids=A1&case_ids=A2', { 'last-event-id': cut.events[had.length - 1]?.id ?? '' });
    await until(() => rest.has('ready'));
    expect(rest.contents()).toEqual(said.slice(had.length));
  });
});
