import type { ConnectionCounts } from '../src/session/connection-counts.js';

type Listener = (subject: string, clientId: string | null) => void;

/** What several gateways in one process know of each other's connections. */
export class MemoryConnectionCounts {
  private readonly gateways: MemoryGatewayCounts[] = [];

  /** For one more gateway. */
  gateway(): MemoryGatewayCounts {
    const counts = new MemoryGatewayCounts(this.gateways);
    this.gateways.push(counts);
    return counts;
  }
}

class MemoryGatewayCounts implements ConnectionCounts {
  readonly own = new Map<string, number>();
  private listener: Listener = () => undefined;

  constructor(private readonly all: readonly MemoryGatewayCounts[]) {}

  async add(subject: string, own: number, most: number): Promise<boolean> {
    const others = this.all
      .filter((each) => each !== this)
      .reduce((sum, each) => sum + (each.own.get(subject) ?? 0), 0);
    const isRoom = others + own < most;
    if (isRoom) {
      this.own.set(subject, own + 1);
    }
    return isRoom;
  }

  async set(subject: string, own: number): Promise<void> {
    this.own.set(subject, own);
  }

  async renew(): Promise<boolean> {
    return true;
  }

  async tellFull(subject: string, clientId: string | null): Promise<void> {
    this.all.filter((each) => each !== this).forEach(({ listener }) => listener(subject, clientId));
  }

  async listen(listener: Listener): Promise<void> {
    this.listener = listener;
  }
}
