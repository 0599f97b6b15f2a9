import { createServer, type ServerResponse } from 'node:http';
import { Audience, listenForLines, ticketOf } from './lines.js';

/** SSE with node:http alone: one prepared buffer, one `res.write` for each client. No rights, no history. */
const audience = new Audience<ServerResponse>();

createServer((request, response) => {
  const ticket = ticketOf(request.url);
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
  });
  response.flushHeaders();
  audience.join(ticket, response);
  response.on('close', () => audience.leave(ticket, response));
}).listen(Number(process.env['PORT']), '127.0.0.1', 1024);

listenForLines(({ ticket, id, data }) => {
  const event = Buffer.from(`id: ${id}\nevent: message\ndata: ${data}\n\n`);
  for (const response of audience.of(ticket)) {
    response.write(event);
  }
});
