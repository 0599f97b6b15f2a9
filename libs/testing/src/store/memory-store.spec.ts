import { describeBroker } from '../fan-out/broker.contract.js';
import type { StoreFixture, StoreLimits } from './store-fixture.js';
import { describeInterestRegistry } from '../interest/interest-registry.contract.js';
import { describeSetStore } from '../polling/set-store.contract.js';
import { ManualClock } from '../model/manual-clock.js';
import { MemoryBroker } from '../fan-out/memory-broker.js';
import { MemoryStore } from './memory-store.js';

async function inMemory(limits: StoreLimits): Promise<StoreFixture> {
  const clock = new ManualClock();
  const store = new MemoryStore({ clock, ...limits });
  const brokers = [new MemoryBroker(store), new MemoryBroker(store)] as const;
  return { store, registry: store, brokers, clock, dispose: () => Promise.resolve() };
}

describeSetStore('MemoryStore', inMemory);
describeInterestRegistry('MemoryStore', inMemory);
describeBroker('MemoryBroker', inMemory);
