import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo } from 'node:net';

import { until } from '../until.js';

/** Longest time until a started server listens, ms. */
const LISTEN_MS = 20_000;

/** A port of 127.0.0.1 on which nobody listens. Another process may take it before the caller does. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * Resolves once a server accepts connections on this port of 127.0.0.1.
 *
 * @param what names the server in the error
 * @throws Error if nobody listens within 20 s
 */
export async function untilListening(port: number, what: string): Promise<void> {
  await until(() => accepts(port), LISTEN_MS, `${what} to listen on port ${port}`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
