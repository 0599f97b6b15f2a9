import { io as io48 } from 'socket.io-client';
import { io as io31 } from 'socket.io-client31';
import { io as io40 } from 'socket.io-client40';

const VERSIONS = { 3.1: io31, '4.0': io40, 4.8: io48 };
const TRANSPORTS = { websocket: ['websocket'], polling: ['polling'], upgrade: ['polling', 'websocket'] };
const EVENTS = ['message', 'status', 'gap', 'upstream', 'revoked', 'closing'];

/** As PROTOCOL.md shows it: subscribe on each `connect`, from the position of the last event. */
function connect(io, transports, { url, token, caseIds, hear, refused }) {
  const socket = io(url, { transports, forceNew: true, auth: (give) => give({ token }) });
  let position;
  socket.on('connect', () => {
    const request = { case_ids: caseIds, ...(position && { last_event_id: position }) };
    socket.emit('subscribe', request, (answer) => {
      if (!answer.ok) return refused(answer.error.code);
      position = answer.last_event_id;
      hear('ready', answer);
    });
  });
  for (const name of EVENTS) {
    socket.on(name, (event) => {
      position = event.id ?? position;
      hear(name, event);
    });
  }
  // Without data, the connection was lost: the client comes back by itself.
  socket.on('connect_error', ({ data }) => data && refused(data.code));
}

export const sockets = Object.entries(VERSIONS).flatMap(([version, io]) =>
  Object.entries(TRANSPORTS).map(([name, transports]) => [
    `socket.io-client ${version} ${name}`,
    (trial) => connect(io, transports, trial),
  ]),
);
