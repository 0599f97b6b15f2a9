import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import { Audience, listenForLines, ticketOf } from './lines.js';

/** The cheapest use of the `ws` library: one frame, made with its own encoder, written to each connection's socket. */
const audience = new Audience<Duplex>();
const server = new WebSocketServer({
  port: Number(process.env['PORT']),
  host: '127.0.0.1',
  backlog: 1024,
  perMessageDeflate: false,
});

server.on('connection', (webSocket, request) => {
  const ticket = ticketOf(request.url);
  const { socket } = request;
  audience.join(ticket, socket);
  webSocket.on('close', () => audience.leave(ticket, socket));
});

listenForLines(({ ticket, data }) => {
  const frame = Buffer.concat(encode(Buffer.from(`42["message",${data}]`)));
  for (const socket of audience.of(ticket)) {
    socket.write(frame);
  }
});

/** The library's own encoder, which is missing in its types. */
function encode(payload: Buffer): Buffer[] {
  const { Sender } = WebSocket as unknown as { Sender: { frame(data: Buffer, options: object): Buffer[] } };
  return Sender.frame(payload, { fin: true, rsv1: false, opcode: 1, mask: false, readOnly: true });
}
