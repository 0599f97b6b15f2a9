import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, untilListening } from '../../test/harness/processes/ports.js';
import { BenchProcess } from '../support/process.js';

/** How a server of another project is started: with one file of settings, in a folder that is its home. */
export interface PeerCommand {
  readonly name: string;
  readonly binary: string;
  /** Of the file of settings. */
  readonly fileName: string;
  readonly settings: (port: number) => string;
  readonly args: (file: string) => readonly string[];
}

/** A server of another project that runs. */
export interface Peer {
  readonly port: number;
  readonly server: BenchProcess;
  /** Of the connection over which messages are published. */
  readonly agent: Agent;
  readonly stop: () => Promise<void>;
}

/** Starts it on one core, as each of the others has. Resolves when it listens. */
export async function startPeer({ name, binary, fileName, settings, args }: PeerCommand): Promise<Peer> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'pollcast-peer-'));
  const file = join(folder, fileName);
  writeFileSync(file, settings(port));
  const server = BenchProcess.command(binary, args(file), { GOMAXPROCS: '1', HOME: folder });
  await untilListening(port, name);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const stop = async () => {
    agent.destroy();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { port, server, agent, stop };
}
