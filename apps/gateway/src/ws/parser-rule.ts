import { Encoder, PacketType } from 'socket.io-msgpack-parser';
import type { Refusal } from '#protocol';

/**
 * The packets that refuse a client with another parser, in its own encoding. Its first packet is binary, and Socket.IO
 * would close the connection without a word; such a client takes that for a lost connection, and connects again for
 * ever. A newer client does not come back by itself after `CONNECT_ERROR`, an older one (3.1, 4.0) only after
 * `DISCONNECT`.
 */
export function packetsForOtherParser({ code, message }: Refusal): Buffer[] {
  const encoder = new Encoder();
  const error = { type: PacketType.CONNECT_ERROR, nsp: '/', data: { message, data: { code } } };
  // Each is given as a list, whatever the types say.
  return [error, { type: PacketType.DISCONNECT, nsp: '/' }].flatMap(
    (packet) => encoder.encode(packet) as unknown as Buffer[],
  );
}
