import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { httpProblem } from '#protocol';
import { endWith } from './raw-answer.js';

/** Node calls it for a request with `Upgrade`. From then on the listener owns the socket. */
export type UpgradeListener = (request: IncomingMessage, socket: Socket, head: Buffer) => void;

/**
 * Most names and values of headers that Node's parser keeps. A request that reaches it is refused, because some of its
 * fields may be missing.
 */
const RAW_HEADERS_MAX = 2000;

/** Header fields that offer another protocol. `Connection` names them, too. */
const OFFER = new Set(['upgrade', 'http2-settings']);

/** Whether the request is a WebSocket handshake of RFC 6455. */
function isWebSocketHandshake({ method, headers, httpVersion }: IncomingMessage): boolean {
  return method === 'GET' && httpVersion === '1.1' && headers.upgrade?.toLowerCase() === 'websocket';
}

/**
 * Whether Node may pass the request to the `upgrade` listener. Node 22 and later call this (`shouldUpgradeCallback`);
 * they read the body of a request only if the answer is no. Node 20 does not call it, so {@link upgradeGate} serves
 * those requests, too.
 */
export function mayUpgrade({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] === undefined && (headers['content-length'] ?? '0') === '0';
}

/**
 * Passes WebSocket handshakes to `handshake`, and serves all other requests with `Upgrade` as if the field was absent:
 * a server that does not switch protocols answers as usual (RFC 9110, 7.8). Java's and Apache's clients, `curl --http2`
 * and some proxies offer `h2c` or `TLS/1.2` with ordinary requests.
 *
 * Such a request is put back on the socket without the offer, in front of the bytes that followed it. Then the server
 * reads the socket again. So bodies, kept connections and pipelined requests work as without an offer.
 */
export function upgradeGate(
  server: Server,
  isWanted: (request: IncomingMessage) => boolean,
  handshake: UpgradeListener,
) {
  return (request: IncomingMessage, socket: Socket, head: Buffer): void => {
    // Until the socket has its next owner it has no other listener, and an error without a listener ends the process.
    socket.on('error', ignore);
    afterEarlierAnswers(socket, () => {
      if (!socket.writable) {
        socket.destroy(); // The listener stays: the error of an answer that could not be sent may come after its end.
        return;
      }
      socket.off('error', ignore);
      if (isWebSocketHandshake(request) && isWanted(request)) {
        handshake(request, socket, head);
      } else {
        serveAsUsual(server, request, socket, head);
      }
    });
  };
}

const ignore = () => undefined;

function serveAsUsual(server: Server, request: IncomingMessage, socket: Socket, head: Buffer): void {
  if (request.rawHeaders.length >= RAW_HEADERS_MAX) {
    endWith(socket, httpProblem(431, `a request has at most ${RAW_HEADERS_MAX / 2} header fields`));
    return;
  }
  socket.setTimeout(0); // The old timeout belongs to the reading that has ended.
  socket.unshift(Buffer.concat([headWithoutOffer(request), head]));
  server.emit('connection', socket);
}

/** The bytes of the request's head, without the offer of another protocol. */
function headWithoutOffer({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  let head = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    const value = rawHeaders[at + 1] ?? '';
    const kept = name.toLowerCase() === 'connection' ? withoutOffer(value) : value;
    if (!OFFER.has(name.toLowerCase()) && kept !== null) {
      head += `${name}: ${kept}\r\n`;
    }
  }
  return Buffer.from(`${head}\r\n`, 'latin1');
}

/** The other options of a `Connection` field; null if there are none. */
function withoutOffer(options: string): string | null {
  const others = options.split(',').filter((option) => !OFFER.has(option.trim().toLowerCase()));
  return others.length > 0 ? others.join(',') : null;
}

/** Waits until earlier requests on the same socket are answered, because answers have the order of requests. */
function afterEarlierAnswers(socket: Socket, then: () => void): void {
  // Node sets it while a response owns the socket. When `finish` is emitted, the next response may own it already.
  const { _httpMessage: response } = socket as Socket & { readonly _httpMessage?: ServerResponse | null };
  if (response && !socket.destroyed) {
    response.once('close', () => afterEarlierAnswers(socket, then));
  } else {
    then();
  }
}
