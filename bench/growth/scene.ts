import type { Redis } from 'ioredis';
import type { MeasuredProcess } from '../support/measured-process.js';
import type { BenchProcess } from '../support/process.js';
import type { LiveClients } from './live-clients.js';

/** A gateway with live clients, and a Redis with histories. */
export interface Scene {
  readonly gateway: BenchProcess;
  readonly redis: MeasuredProcess;
  readonly operator: Redis;
  readonly live: LiveClients;
  readonly port: number;
}
