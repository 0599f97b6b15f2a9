import { createReadStream, readlinkSync } from 'node:fs';
import type { Socket } from 'node:net';

/** The kernel's tables of TCP sockets, IPv4 and IPv6. Linux only. */
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];
/** Least pause between two readings, ms. */
const PAUSE_MS = 250;
/** The pause is this many times as long as the reading took: the table of 50,000 connections has 7 MB. */
const PAUSE_FACTOR = 3;
const INODE = /^socket:\[(\d+)\]$/;

/** The kernel's data about a connection. */
export interface TcpState {
  /** Bytes that were given to the kernel and that the peer has not acknowledged. */
  readonly unacknowledged: number;
  /** How many times in a row the kernel sent them again, or asked the peer for room, without any answer. */
  readonly unanswered: number;
}

/** The rows of a table that are parsed. */
class Wanted {
  readonly states = new Map<string, TcpState | null>();
  /** Remote ports, as the table writes them. They quickly exclude most rows. */
  private readonly ports = new Set<string>();

  add(inode: string, remotePort: number): void {
    this.states.set(inode, null);
    this.ports.add(remotePort.toString(16).toUpperCase().padStart(4, '0'));
  }

  /** `sl: local:port remote:port st tx_queue:rx_queue tr:when retrnsmt uid timeout inode` (the kernel's proc_net_tcp.rst). */
  read(row: string): void {
    const remote = row.indexOf(':', row.indexOf(':', row.indexOf(':') + 1) + 1) + 1;
    if (!this.ports.has(row.slice(remote, remote + 4))) {
      return;
    }
    const [, , , , queues = '', , retransmits = '', , probes = '', inode = ''] = row.trim().split(/ +/);
    if (this.states.has(inode)) {
      this.states.set(inode, {
        unacknowledged: Number.parseInt(queues, 16),
        unanswered: Number.parseInt(retransmits, 16) + Number(probes),
      });
    }
  }
}

/** Reads the kernel's tables, because Node has no function that says what a peer has acknowledged. */
export class TcpTable {
  private wanted = new Wanted();
  private next: Promise<Wanted> | null = null;
  private pause: Promise<unknown> = Promise.resolve();

  constructor(private readonly tables: readonly string[] = TABLES) {}

  /**
   * Those of the sockets that the kernel tells of: none if it is not Linux, and none that is closed. It never throws. It
   * takes up to a second with tens of thousands of connections.
   */
  async of(sockets: readonly Socket[]): Promise<ReadonlyMap<Socket, TcpState>> {
    const inodes = new Map<Socket, string>();
    for (const socket of sockets) {
      const inode = inodeOf(socket);
      if (inode !== null && socket.remotePort !== undefined) {
        inodes.set(socket, inode);
        this.wanted.add(inode, socket.remotePort);
      }
    }
    if (inodes.size === 0) {
      return new Map();
    }
    // All callers of that time share the next reading.
    this.next ??= this.pause.then(() => this.read());
    const { states } = await this.next;
    const found = new Map<Socket, TcpState>();
    for (const [socket, inode] of inodes) {
      const state = states.get(inode);
      if (state) {
        found.set(socket, state);
      }
    }
    return found;
  }

  private async read(): Promise<Wanted> {
    const { wanted } = this;
    this.wanted = new Wanted();
    this.next = null;
    let end: () => void = () => undefined;
    this.pause = new Promise<void>((resolve) => (end = resolve));
    const startedAt = performance.now();
    await Promise.all(this.tables.map((table) => readTable(table, wanted).catch(() => undefined)));
    setTimeout(end, Math.max(PAUSE_MS, (performance.now() - startedAt) * PAUSE_FACTOR)).unref();
    return wanted;
  }
}

/** The number of a socket in the kernel's table. */
function inodeOf(socket: Socket): string | null {
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly fd?: number } | null };
  try {
    return INODE.exec(readlinkSync(`/proc/self/fd/${handle?.fd ?? -1}`))?.[1] ?? null;
  } catch {
    return null;
  }
}

/** Reads a table piece by piece, because a long table must not delay deliveries. */
async function readTable(path: string, wanted: Wanted): Promise<void> {
  let rest = '';
  for await (const piece of createReadStream(path, 'latin1')) {
    const rows = (rest + String(piece)).split('\n');
    rest = rows.pop() ?? '';
    rows.forEach((row) => wanted.read(row));
  }
}
