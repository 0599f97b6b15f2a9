import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createConnection, createServer } from 'node:net';

import { until } from '../until.js';

/** Longest time until a started server listens, ms. */
const LISTEN_MS = 20_000;

/**
 * Ports below those that kernels give to outgoing connections (Linux: from 32768 on): no connection takes one of them between
 * the look and the start of a program.
 */
const FIRST = 12_000;
const COUNT = 20_000;
/** Each jest worker has a part of them, so that tests which run at the same time never share a port. */
const PARTS = 8;
const PART = COUNT / PARTS;
const FROM = FIRST + (Number(process.env['JEST_WORKER_ID'] ?? 0) % PARTS) * PART;
/** Where this process looks next: another one begins elsewhere. */
let next = randomInt(PART);

/** A port of 127.0.0.1 on which nobody listens, and which this process was not given before. @throws where none is free */
export async function freePort(): Promise<number> {
  for (let looks = 0; looks < PART; looks += 1) {
    const port = FROM + next;
    next = (next + 1) % PART;
    if (await isFree(port)) {
      return port;
    }
  }
  throw new Error(`no port from ${FROM} to ${FROM + PART - 1} is free`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const isListening = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
  });
  if (isListening) {
    server.close();
    await once(server, 'close');
  }
  return isListening;
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
