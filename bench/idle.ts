import type { ContenderKind } from './contenders/contender.js';
import type { LoadClient } from './load/load-client.js';
import type { ConnectionMemory } from './support/peak-memory.js';

/** What connections cost on which nothing is sent. */
export interface Idle {
  readonly contender: string;
  readonly memory: ConnectionMemory;
  readonly acceptsPerSecond: number;
  readonly acceptCpuUs: number;
}

/** Clients that connect and leave before the measurement, so that code is loaded and the heap has grown. */
const WARM_UP = 300;
const AT_ONCE = 64;

/** Measures the memory of a new process before and after `clients` clients connect. They share ten tickets. */
export async function measureIdle(kind: ContenderKind, load: LoadClient, clients: number): Promise<Idle> {
  const contender = await kind.start();
  void contender.server.kernelMemory; // From now on it is counted.
  try {
    const plan = { ...contender.endpoint, tickets: 10, atOnce: AT_ONCE };
    await load.run({ kind: 'open', plan: { ...plan, clients: WARM_UP } });
    await load.run({ kind: 'close' });
    const before = await contender.server.settledMemory();
    const charged = contender.server.kernelMemory;
    const cpuBefore = contender.server.cpuUs;
    const { opening } = await load.run({ kind: 'open', plan: { ...plan, clients } });
    const acceptCpuUs = (contender.server.cpuUs - cpuBefore) / clients;
    const after = await contender.server.settledMemory();
    const { all, sockets } = contender.server.kernelMemory;
    await load.run({ kind: 'close' });
    return {
      contender: contender.name,
      memory: {
        resident: (after - before) / clients,
        kernel: (all - charged.all) / clients,
        sockets: (sockets - charged.sockets) / clients,
      },
      acceptsPerSecond: clients / ((opening?.all ?? 0) / 1000),
      acceptCpuUs,
    };
  } finally {
    await contender.stop();
  }
}
