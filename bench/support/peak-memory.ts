import type { MeasuredProcess } from './measured-process.js';

/** Memory per connection, bytes. */
export interface ConnectionMemory {
  readonly resident: number;
  /** What the kernel has charged: resident memory of its own, kernel objects, sockets. Not a number where it is not counted. */
  readonly kernel: number;
  /** The part of it that the buffers of sockets take. */
  readonly sockets: number;
}

const EVERY_MS = 20;

/** The most memory that a process takes while it is loaded, beyond what it took before. */
export class PeakMemory {
  private readonly before: ConnectionMemory;
  private peak: ConnectionMemory;
  private readonly timer: NodeJS.Timeout;

  private constructor(private readonly server: MeasuredProcess) {
    this.before = this.look();
    this.peak = this.before;
    this.timer = setInterval(() => this.take(), EVERY_MS);
  }

  /**
   * Measures while `work` goes on, which makes so many connections.
   *
   * @throws what `work` throws
   */
  static async during<T>(
    server: MeasuredProcess,
    clients: number,
    work: () => Promise<T>,
  ): Promise<[T, ConnectionMemory]> {
    const peak = new PeakMemory(server);
    try {
      const result = await work();
      return [result, peak.each(clients)];
    } finally {
      clearInterval(peak.timer);
    }
  }

  private each(clients: number): ConnectionMemory {
    this.take();
    const { before, peak } = this;
    return {
      resident: (peak.resident - before.resident) / clients,
      kernel: (peak.kernel - before.kernel) / clients,
      sockets: (peak.sockets - before.sockets) / clients,
    };
  }

  private take(): void {
    const { peak } = this;
    const now = this.look();
    this.peak = {
      resident: Math.max(peak.resident, now.resident),
      kernel: Math.max(peak.kernel, now.kernel),
      sockets: Math.max(peak.sockets, now.sockets),
    };
  }

  private look(): ConnectionMemory {
    const { memory, kernelMemory } = this.server;
    return { resident: memory, kernel: kernelMemory.all, sockets: kernelMemory.sockets };
  }
}

/** Memory in kB: `18.2 resident, 25.1 kernel (6.3 sockets)`. */
export function memoryText({ resident, kernel, sockets }: ConnectionMemory): string {
  const kB = (bytes: number) => (Number.isNaN(bytes) ? 'unknown' : (bytes / 1024).toFixed(1));
  return `${kB(resident)} kB resident, ${kB(kernel)} kernel (${kB(sockets)} sockets)`;
}
