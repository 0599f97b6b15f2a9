import { once } from 'node:events';
import { createServer, createConnection, type AddressInfo } from 'node:net';

const OPEN_MS = 20_000;

/** A loopback port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Resolves once somebody listens there. */
export async function untilOpen(port: number, what: string): Promise<void> {
  const until = Date.now() + OPEN_MS;
  while (!(await isOpen(port))) {
    if (Date.now() > until) throw new Error(`${what} did not listen within ${OPEN_MS} ms`);
    await pause(30);
  }
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
