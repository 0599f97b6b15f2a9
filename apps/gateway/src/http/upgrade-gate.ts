import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { httpProblem } from '#protocol';
import { rawAnswer } from './raw-answer.js';

/** What Node calls for a request with `Upgrade`; from then on the listener owns the socket. */
export type UpgradeListener = (request: IncomingMessage, socket: Socket, head: Buffer) => void;

/** Node's parser keeps no more than so many names and values of headers; a gate that cannot see all of them must not repeat them. */
const RAW_HEADERS_MAX = 2000;

/** Header fields that ask for another protocol, and that `Connection` names because of that. */
const OFFER = new Set(['upgrade', 'http2-settings']);

/** Whether a client wants to speak WebSocket, as RFC 6455 has it. */
function isWebSocketHandshake({ method, headers, httpVersion }: IncomingMessage): boolean {
  return method === 'GET' && httpVersion === '1.1' && headers.upgrade?.toLowerCase() === 'websocket';
}

/**
 * Whether Node may hand the request to the `upgrade` listener. Since Node 22 it asks (`shouldUpgradeCallback`), and reads
 * a body only of requests that stay requests. Node 20 does not ask: {@link upgradeGate} serves these too.
 */
export function mayUpgrade({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] === undefined && (headers['content-length'] ?? '0') === '0';
}

/**
 * Sends WebSocket handshakes to `handshake`, and serves all other requests with `Upgrade` as if it was not there: a server
 * that does not want to switch answers as usual (RFC 9110, 7.8). Java's and Apache's clients, `curl --http2` and some
 * proxies offer `h2c` or `TLS/1.2` with ordinary requests.
 *
 * Such a request is put back in front of what followed it on the socket, without the offer, and the server reads the
 * socket anew: thus bodies, kept connections and pipelined requests work as without an offer.
 */
export function upgradeGate(
  server: Server,
  isWanted: (request: IncomingMessage) => boolean,
  handshake: UpgradeListener,
) {
  return (request: IncomingMessage, socket: Socket, head: Buffer): void => {
    // Nobody else listens until the socket has its next owner, and an error without a listener would end the process.
    socket.on('error', ignore);
    afterEarlierAnswers(socket, () => {
      socket.off('error', ignore);
      if (!socket.writable) {
        socket.destroy();
      } else if (isWebSocketHandshake(request) && isWanted(request)) {
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
    socket.end(rawAnswer(httpProblem(431, `a request has at most ${RAW_HEADERS_MAX / 2} header fields`)));
    return;
  }
  socket.setTimeout(0); // What was set after the answer before this request is of the reading that has ended.
  socket.unshift(Buffer.concat([headWithoutOffer(request), head]));
  server.emit('connection', socket);
}

/** The request's head as it came, less the offer of another protocol. */
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

/** The other options of a `Connection` field; null where there are none. */
function withoutOffer(options: string): string | null {
  const others = options.split(',').filter((option) => !OFFER.has(option.trim().toLowerCase()));
  return others.length > 0 ? others.join(',') : null;
}

/** Requests that came before on the same socket may not be answered yet, and answers keep the order of requests. */
function afterEarlierAnswers(socket: Socket, then: () => void): void {
  // Node sets it while a response owns the socket; the next one owns it before `finish` has reached us.
  const { _httpMessage: response } = socket as Socket & { readonly _httpMessage?: ServerResponse | null };
  if (response && !socket.destroyed) {
    response.once('close', () => afterEarlierAnswers(socket, then));
  } else {
    then();
  }
}
