import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { listenForLines } from './lines.js';

/** Socket.IO as its documentation shows it: rooms and `io.to(room).emit`. No rights, no history. */
const http = createServer();
const io = new Server(http, { transports: ['websocket'], serveClient: false });

io.on('connection', (socket) => void socket.join(String(socket.handshake.auth['ticket'])));
http.listen(Number(process.env['PORT']), '127.0.0.1', 1024);

listenForLines(({ ticket, data }) => {
  io.to(ticket).emit('message', JSON.parse(data));
});
