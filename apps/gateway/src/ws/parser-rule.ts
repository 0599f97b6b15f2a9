import type { Server } from 'socket.io';
import { Encoder, PacketType } from 'socket.io-msgpack-parser';
import { Refusal } from '#protocol';

const WORDS =
  'this client uses another parser: its packets are binary, as those of socket.io-msgpack-parser. Leave out the option parser';

/** What is used of an engine.io socket. */
interface EngineSocket {
  once(event: 'data', hear: (this: EngineSocket, data: unknown) => void): void;
  write(packet: Buffer): void;
}

/**
 * Refuses clients with another parser. Their first packet is binary, and Socket.IO closes the connection without a word;
 * such a client takes that for a lost connection, and connects again for ever. The answer is in its own encoding, and after
 * `CONNECT_ERROR` a client does not come back by itself.
 *
 * @param note hears of each refusal
 */
export function refuseOtherParsers(engine: Server['engine'], note: (refusal: Refusal) => void): void {
  const refusal = new Refusal('invalid', WORDS);
  const data = { message: WORDS, data: { code: refusal.code } };
  // It gives a list, whatever its types say.
  const [packet] = new Encoder().encode({ type: PacketType.CONNECT_ERROR, nsp: '/', data }) as unknown as Buffer[];
  // One function for all sockets: a closure for each would take memory of every connection.
  function hear(this: EngineSocket, first: unknown): void {
    if (typeof first !== 'string' && packet !== undefined) {
      note(refusal);
      this.write(packet);
    }
  }
  // Before Socket.IO's own listener, which closes the connection.
  engine.prependListener('connection', (socket: EngineSocket) => socket.once('data', hear));
}
