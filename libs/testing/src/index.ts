export * from './manual-clock.js';
export * from './memory-broker.js';
export * from './memory-store.js';
export * from './contracts/broker.contract.js';
export * from './contracts/fixture.js';
export * from './contracts/interest-registry.contract.js';
export * from './contracts/recording-listener.js';
export * from './contracts/set-store.contract.js';
