import { createReadStream, readlinkSync } from 'node:fs';
import type { Socket } from 'node:net';

/** The kernel's tables of TCP sockets, IPv4 and IPv6. Linux only. */
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];
/** Time between two readings (ms): a table of 50,000 connections has 7 MB. */
const READ_EVERY_MS = 250;
const INODE = /^socket:\[(\d+)\]$/;

/** What the kernel says of a connection. */
export interface TcpState {
  /** Bytes that were given to the kernel and that the peer has not acknowledged. */
  readonly unacknowledged: number;
  /** How many times in a row the kernel sent them again, or asked the peer for room, without any answer. */
  readonly unanswered: number;
}

/** Reads the kernel's tables: Node itself has no way to ask what a peer has acknowledged. */
export class TcpTable {
  private wanted = new Set<string>();
  private next: Promise<ReadonlyMap<string, TcpState>> | null = null;
  private reading: Promise<unknown> = Promise.resolve();

  constructor(private readonly tables: readonly string[] = TABLES) {}

  /** Those of the sockets that the kernel tells of: none where it is not Linux, and none that is closed. It never throws. */
  async of(sockets: readonly Socket[]): Promise<ReadonlyMap<Socket, TcpState>> {
    const inodes = new Map<Socket, string>();
    for (const socket of sockets) {
      const inode = inodeOf(socket);
      if (inode !== null) {
        inodes.set(socket, inode);
        this.wanted.add(inode);
      }
    }
    if (inodes.size === 0) {
      return new Map();
    }
    // All that ask meanwhile share the next reading.
    this.next ??= this.reading.then(() => this.read());
    const states = await this.next;
    const found = [...inodes].map(([socket, inode]) => [socket, states.get(inode)] as const);
    return new Map(found.flatMap(([socket, state]) => (state === undefined ? [] : [[socket, state] as const])));
  }

  private async read(): Promise<ReadonlyMap<string, TcpState>> {
    const { wanted } = this;
    this.wanted = new Set();
    this.next = null;
    this.reading = new Promise((resolve) => setTimeout(resolve, READ_EVERY_MS).unref());
    const found = new Map<string, TcpState>();
    await Promise.all(this.tables.map((table) => readTable(table, wanted, found).catch(() => undefined)));
    return found;
  }
}

/** The number by which the kernel's table names a socket. */
function inodeOf(socket: Socket): string | null {
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly fd?: number } | null };
  try {
    return INODE.exec(readlinkSync(`/proc/self/fd/${handle?.fd ?? -1}`))?.[1] ?? null;
  } catch {
    return null;
  }
}

/** Piece by piece: a long table must not hold up deliveries. */
async function readTable(path: string, wanted: ReadonlySet<string>, found: Map<string, TcpState>): Promise<void> {
  let rest = '';
  for await (const piece of createReadStream(path, 'latin1')) {
    const lines = (rest + String(piece)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      readLine(line, wanted, found);
    }
  }
}

/** `sl local rem st tx_queue:rx_queue tr:when retrnsmt uid timeout inode`; see the kernel's proc_net_tcp.rst. */
function readLine(line: string, wanted: ReadonlySet<string>, found: Map<string, TcpState>): void {
  const fields = line.trim().split(/ +/);
  const [, , , , queues = '', , retransmits = '', , probes = '', inode = ''] = fields;
  if (wanted.has(inode)) {
    found.set(inode, {
      unacknowledged: Number.parseInt(queues, 16),
      unanswered: Number.parseInt(retransmits, 16) + Number(probes),
    });
  }
}
