import type { Server, Socket } from 'socket.io';
import { Encoder, PacketType } from 'socket.io-msgpack-parser';
import { Refusal } from '#protocol';
import { EnginePipe } from './engine-pipe.js';

type EngineSocket = Socket['conn'];

const WORDS =
  'this client uses another parser: its packets are binary, as those of socket.io-msgpack-parser. Leave out the option parser';

/**
 * Refuses clients with another parser. Their first packet is binary, and Socket.IO closes the connection without a word;
 * such a client takes that for a lost connection, and connects again for ever. The answer is in its own encoding.
 *
 * @param note hears of each refusal
 */
export function refuseOtherParsers(engine: Server['engine'], note: (refusal: Refusal) => void): void {
  const refusal = new Refusal('invalid', WORDS);
  const packets = packetsOf(refusal);
  // One function for all sockets: a closure for each would take memory of every connection.
  function hear(this: EngineSocket, first: unknown): void {
    if (typeof first !== 'string') {
      note(refusal);
      const pipe = new EnginePipe(this);
      packets.forEach((packet) => this.write(packet));
      pipe.close(); // Socket.IO's own way keeps the session of long polling for 30 s.
    }
  }
  // Before Socket.IO's own listener, which closes the connection.
  engine.prependListener('connection', (socket: EngineSocket) => socket.once('data', hear));
}

/** A newer client does not connect again after `CONNECT_ERROR`; an older one (3.1, 4.0) only after `DISCONNECT`. */
function packetsOf({ code, message }: Refusal): Buffer[] {
  const encoder = new Encoder();
  const error = { type: PacketType.CONNECT_ERROR, nsp: '/', data: { message, data: { code } } };
  // Each is given as a list, whatever the types say.
  return [error, { type: PacketType.DISCONNECT, nsp: '/' }].flatMap(
    (packet) => encoder.encode(packet) as unknown as Buffer[],
  );
}
