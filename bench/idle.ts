import type { ContenderKind } from './contenders/contender.js';
import type { LoadClient } from './load/load-client.js';

/** What connections cost that nothing is sent on. */
export interface Idle {
  readonly contender: string;
  readonly bytesPerConnection: number;
  readonly acceptsPerSecond: number;
  readonly acceptCpuUs: number;
}

/** Clients that come and go before anything is weighed: code is loaded then, and the heap has its first size. */
const WARM_UP = 300;
const AT_ONCE = 64;

/** Weighs a fresh process before and after so many clients came, each with a ticket of ten that it shares. */
export async function measureIdle(kind: ContenderKind, load: LoadClient, clients: number): Promise<Idle> {
  const contender = await kind.start();
  try {
    const crowd = { ...contender.door, tickets: 10, atOnce: AT_ONCE };
    await load.tell({ kind: 'open', crowd: { ...crowd, clients: WARM_UP } });
    await load.tell({ kind: 'close' });
    const before = await contender.server.settledMemory();
    const cpuBefore = contender.server.cpuUs;
    const { opening } = await load.tell({ kind: 'open', crowd: { ...crowd, clients } });
    const acceptCpuUs = (contender.server.cpuUs - cpuBefore) / clients;
    const after = await contender.server.settledMemory();
    await load.tell({ kind: 'close' });
    return {
      contender: contender.name,
      bytesPerConnection: (after - before) / clients,
      acceptsPerSecond: clients / ((opening?.all ?? 0) / 1000),
      acceptCpuUs,
    };
  } finally {
    await contender.stop();
  }
}
