import { createConnection } from 'node:net';

const WAIT_MS = 5000;

/**
 * Sends bytes that no HTTP client would send, and resolves with what comes back until the server ends the connection,
 * or until nothing more comes for a while.
 */
export function rawHttp(port: number, bytes: string | Buffer, host = '127.0.0.1'): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = createConnection(port, host, () => socket.write(bytes));
    socket.setTimeout(WAIT_MS, () => socket.destroy());
    socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
    // A connection that is reset in the middle of a flood is one way of refusing it.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
  });
}
