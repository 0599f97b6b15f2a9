import type { INestApplicationContext } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { Server, ServerOptions } from 'socket.io';
import { keepPageOrigin } from './page-origin.js';
import type { SocketIoTransport } from './socket-io-rule.js';

/** Largest request of a client, bytes: 500 ids of 64 characters, quoted, take 34 kB. */
const REQUEST_MAX_BYTES = 131_072;
/** A client that opened a transport has this long (ms) to say that it wants the namespace, and with which token. */
const CONNECT_TIMEOUT_MS = 10_000;

/** How Socket.IO is set up. */
export class SocketIoAdapter extends IoAdapter {
  constructor(
    app: INestApplicationContext,
    /** No long polling in a fleet: its requests would end at processes that do not know the client. */
    private readonly transports: SocketIoTransport[],
    /** `SERVE_SOCKET_IO_CLIENT` */
    private readonly servesClient: boolean,
  ) {
    super(app);
  }

  /** There are none: the gateway hears its requests by itself, as Nest's own way keeps ten kilobytes per client. */
  override bindMessageHandlers(): void {
    // Nothing is kept of a client here.
  }

  override createIOServer(port: number, options?: ServerOptions): Server {
    const ours: Partial<ServerOptions> = {
      transports: this.transports,
      // Compression costs memory per connection, and finished frames could not be shared.
      perMessageDeflate: false,
      httpCompression: false,
      maxHttpBufferSize: REQUEST_MAX_BYTES,
      connectTimeout: CONNECT_TIMEOUT_MS,
      serveClient: this.servesClient,
    };
    const server = super.createIOServer(port, { ...options, ...ours }) as Server;
    keepPageOrigin(server.engine);
    return server;
  }
}
