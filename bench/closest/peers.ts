import { setTimeout as sleep } from 'node:timers/promises';
import { Centrifugo } from '../contenders/centrifugo.js';
import type { ContenderKind, Posting } from '../contenders/contender.js';
import { Mercure } from '../contenders/mercure.js';
import { present } from '../contenders/present.js';
import type { LoadClient } from '../load/load-client.js';

/** The load that Pollcast gets. */
export interface PeerLoad {
  readonly clients: number;
  readonly tickets: number;
  readonly atOnce: number;
  readonly seconds: number;
  /** Time between two groups of messages, ms, and messages of a group. */
  readonly everyMs: number;
  readonly changing: number;
}

/** A peer under that load: delays from a message's publication to the clients, ms. Nobody has to poll for it. */
export interface PeerDelays {
  readonly name: string;
  readonly acceptsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly lost: number;
}

const PEERS: readonly ContenderKind[] = [new Centrifugo(), new Mercure()];

/** Measures the peers whose binaries are named in the environment, and says which are not. */
export async function* peerDelays(load: PeerLoad, client: LoadClient): AsyncGenerator<PeerDelays> {
  for (const peer of present(PEERS)) {
    yield await measure(peer, load, client);
  }
}

async function measure(kind: ContenderKind, load: PeerLoad, client: LoadClient): Promise<PeerDelays> {
  const { clients, tickets, atOnce, seconds, everyMs, changing } = load;
  const peer = await kind.start();
  try {
    const { opening } = await client.run({ kind: 'open', plan: { ...peer.endpoint, clients, tickets, atOnce } });
    let next = 0;
    const posting = (): Posting => {
      const at = next++;
      return { ticket: at % tickets, number: Math.floor(at / tickets) + 1 };
    };
    const startedAt = performance.now();
    for (let tick = 1; tick <= (seconds * 1000) / everyMs; tick += 1) {
      await peer.publish(Array.from({ length: changing }, posting));
      await sleep(Math.max(0, startedAt + tick * everyMs - performance.now()));
    }
    const expected = (next * clients) / tickets;
    const { delivered, latencies } = await client.until(expected);
    await client.run({ kind: 'close' });
    const { p50, p99, max } = latencies;
    const acceptsPerSecond = clients / ((opening?.all ?? 0) / 1000);
    return { name: peer.name, acceptsPerSecond, p50, p99, max, lost: expected - delivered };
  } finally {
    await peer.stop();
  }
}
