import type { IncomingMessage } from 'node:http';
import type { Socket as TcpSocket } from 'node:net';
import type { Server, Socket } from 'socket.io';
import { Refusal, refusalError } from '#protocol';
import type { RefusalLog } from '../edge/refusal-log.js';
import {
  UNAUTHENTICATED_MAX_BYTES,
  UNAUTHENTICATED_MS,
  type UnauthenticatedConnections,
} from '../edge/unauthenticated-connections.js';
import type { UnauthenticatedSockets } from '../http/unauthenticated-sockets.js';
import { clientOf, type EngineRequest } from './engine-clients.js';
import { EnginePipe } from './engine-pipe.js';
import { packetsForOtherParser } from './parser-rule.js';

type EngineSocket = Socket['conn'];

/** The private members of engine.io and ws that are used here. The code checks that they exist. */
interface EngineInsides {
  readonly ws?: { readonly options?: { maxFragments?: number } };
}
interface TransportInsides {
  readonly name: string;
  maxHttpBufferSize?: number;
  readonly socket?: { readonly _socket?: TcpSocket | null };
}

/** Most fragments of one WebSocket message: each takes 150 bytes, however short it is. */
const FRAGMENTS_MAX = 128;
/** First byte of Socket.IO's packet CONNECT. */
const CONNECT = '0';
/** Engine.IO's type of a message, and Socket.IO's of CONNECT_ERROR. The first is added by engine.io. */
const CONNECT_ERROR = '4';

export interface BeforeConnectParts {
  readonly connections: UnauthenticatedConnections;
  readonly sockets: UnauthenticatedSockets;
  readonly refusals: Pick<RefusalLog, 'note'>;
  /** A larger message of a client that has shown its token ends its connection, bytes. */
  readonly messageMaxBytes: number;
}

/**
 * What a Socket.IO client may do before its packet CONNECT has shown a valid token: send this packet, and nothing else.
 * A session of long polling is counted as a connection of its own.
 */
export class BeforeConnect {
  private readonly otherParser = new Refusal(
    'invalid',
    'this client uses another parser: its packets are binary, as those of socket.io-msgpack-parser. Leave out the option parser',
  );
  private readonly notConnect = new Refusal('invalid', 'the first packet of a client is CONNECT, with its token');
  private readonly packets = packetsForOtherParser(this.otherParser);
  // One function for all clients: a closure for each would take memory of every connection.
  private readonly onPacket: (this: EngineSocket, packet: unknown) => void;

  constructor(private readonly parts: BeforeConnectParts) {
    const received = (client: EngineSocket, packet: unknown) => this.received(client, packet);
    this.onPacket = function (packet) {
      received(this, packet);
    };
  }

  /** Called once, before clients connect. */
  watch(engine: Server['engine']): void {
    const insides = engine as unknown as EngineInsides;
    // Before Socket.IO's own listener, which decodes what comes.
    engine.prependListener('connection', (client: EngineSocket) => this.opened(client));
    engine.on('initial_headers', joinFirstWrites);
    engine.use((request: EngineRequest, _response: unknown, next: () => void) => {
      const client = clientOf(engine, request);
      if (request.headers.upgrade !== undefined) {
        boundFragments(insides);
      } else if (client !== undefined && this.parts.connections.get(client) === undefined) {
        this.parts.sockets.authenticated(request.socket); // It names a session that has shown a token.
      }
      next();
    });
  }

  /** The client has shown a valid token. */
  authenticated(client: EngineSocket): void {
    const { connections, sockets, messageMaxBytes } = this.parts;
    client.off('data', this.onPacket);
    connections.remove(client);
    const transport = transportOf(client);
    const tcp = transport.socket?._socket;
    if (tcp) {
      sockets.authenticated(tcp);
    } else if (transport.name === 'polling') {
      transport.maxHttpBufferSize = messageMaxBytes;
    }
  }

  private opened(client: EngineSocket): void {
    const { connections, sockets } = this.parts;
    client.on('data', this.onPacket);
    const transport = transportOf(client);
    if (transport.name !== 'polling') {
      return; // Its TCP connection is counted.
    }
    transport.maxHttpBufferSize = UNAUTHENTICATED_MAX_BYTES;
    connections.add(client, {
      endsAt: Date.now() + UNAUTHENTICATED_MS,
      cut: () => new EnginePipe(client).destroy(),
    });
    client.once('close', () => connections.remove(client));
    client.once('upgrade', () => {
      const tcp = transportOf(client).socket?._socket;
      if (tcp && connections.get(client) === undefined) {
        sockets.authenticated(tcp);
      }
    });
  }

  private received(client: EngineSocket, packet: unknown): void {
    if (typeof packet !== 'string') {
      this.refuse(client, this.otherParser, this.packets);
    } else if (!packet.startsWith(CONNECT)) {
      const { code, message } = refusalError(this.notConnect);
      this.refuse(client, this.notConnect, [`${CONNECT_ERROR}${JSON.stringify({ message, data: { code } })}`]);
    }
  }

  private refuse(client: EngineSocket, refusal: Refusal, packets: readonly (string | Buffer)[]): void {
    client.off('data', this.onPacket);
    this.parts.refusals.note(refusal);
    const pipe = new EnginePipe(client);
    packets.forEach((packet) => client.write(packet));
    pipe.close(); // Socket.IO's own way keeps the session of long polling for 30 s.
  }
}

/** engine.io hands on no such option; it makes its WebSocket server when it likes. */
function boundFragments({ ws }: EngineInsides): void {
  if (ws?.options !== undefined) {
    ws.options.maxFragments = FRAGMENTS_MAX;
  }
}

/**
 * engine.io writes its first packet some promises after the answer to the handshake, in the same turn of the event loop. Both
 * are sent in one piece: a system call is the largest part of a handshake.
 */
function joinFirstWrites(_headers: object, { headers, socket }: IncomingMessage): void {
  if (headers.upgrade !== undefined) {
    socket.cork();
    setImmediate(uncork, socket);
  }
}

function uncork(socket: TcpSocket): void {
  socket.uncork();
}

function transportOf(client: EngineSocket): TransportInsides {
  return client.transport;
}
