import { createServer, request } from 'node:http';

/** The event after which a stream has shown what it is. */
const SHOWN = /^event: (?:ready|closing|control|snapshot)$/m;

/**
 * A proxy that ends event streams once they are ready: a program that waits for the end of each answer would wait for
 * ever. Everything else passes as it is.
 *
 * @param {string} gateway its URL
 * @returns {Promise<{ url: string, close: () => void }>}
 */
export async function shortStreams(gateway) {
  const { hostname, port } = new URL(gateway);
  const server = createServer((incoming, answer) => {
    const { method, url: path, rawHeaders: headers } = incoming;
    const outgoing = request({ hostname, port, method, path, headers, agent: false }, (response) => {
      answer.writeHead(response.statusCode, response.statusMessage, response.rawHeaders);
      response.on('error', () => answer.destroy());
      if (response.headers['content-type']?.startsWith('text/event-stream')) {
        let text = '';
        response.on('data', (piece) => {
          answer.write(piece);
          text += piece;
          if (SHOWN.test(text)) {
            answer.end();
            outgoing.destroy();
          }
        });
        response.on('end', () => answer.end());
      } else {
        response.pipe(answer);
      }
    });
    outgoing.on('error', () => answer.destroy());
    answer.on('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.closeAllConnections() };
}
