import { ManualClock, MemoryBroker, MemoryStore, message, StoreDriver, USUAL_LIMITS } from '#testing';
import { parseFeedKey } from '#core';
import { PositionIds } from '#protocol';
import { CaseSnapshot } from './case-snapshot.js';

interface Snapshot {
  readonly pending: boolean;
  readonly messages: readonly unknown[];
}

describe('the snapshot of a ticket for a page', () => {
  let broker: MemoryBroker;
  let driver: StoreDriver;
  let snapshot: CaseSnapshot;
  beforeEach(() => {
    const clock = new ManualClock();
    const store = new MemoryStore({ ...USUAL_LIMITS, clock });
    broker = new MemoryBroker(store);
    driver = new StoreDriver({
      ...{ store, registry: store, brokers: [broker, broker] as const, clock },
      dispose: () => Promise.resolve(),
    });
    snapshot = new CaseSnapshot(broker, store, new PositionIds({ positionSecrets: ['secret'] }));
  });
  afterEach(() => jest.restoreAllMocks());

  const read = async () => JSON.parse(await snapshot.of(parseFeedKey(driver.feed), 'a', 20)) as Snapshot;

  it('H11: says that its first poll is still to come, until it is complete', async () => {
    expect(await read()).toMatchObject({ pending: true, messages: [] });
    const ref = await driver.wantOneSet('a');
    expect(await read()).toMatchObject({ pending: true, messages: [] });
    await driver.publish(ref);
    expect(await read()).toMatchObject({ pending: false, messages: [] });
  });

  it('H11: has what the first poll found, also where it is complete between two reads of the store', async () => {
    const history = broker.history.bind(broker);
    jest.spyOn(broker, 'history').mockImplementationOnce(async (...asked) => {
      const found = await history(...asked);
      await driver.publish(await driver.wantOneSet('a'), message('a', '1'));
      return found;
    });
    expect(await read()).toMatchObject({ pending: false, messages: [{ case_id: 'a' }] });
  });
});
