import { createConnection } from 'node:net';

const WAIT_MS = 5000;

/**
 * Sends bytes that no HTTP client sends. Resolves with the answer when the server ends the connection, or when nothing has
 * come for 5 s.
 */
export function rawHttp(port: number, bytes: string | Buffer, host = '127.0.0.1'): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = createConnection(port, host, () => socket.write(bytes));
    socket.setTimeout(WAIT_MS, () => socket.destroy());
    socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
    // A server may reset a connection that sends too much.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
  });
}
