import type { INestApplicationContext } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { Server, ServerOptions } from 'socket.io';
import { UNAUTHENTICATED_MS } from '../edge/unauthenticated-connections.js';
import type { BeforeConnect } from './before-connect.js';
import { keepPageOrigin } from './page-origin.js';
import type { SocketIoTransport } from './socket-io-rule.js';

export interface SocketIoOptions {
  /** No long polling in a fleet: its requests would end at processes that do not know the client. */
  readonly transports: SocketIoTransport[];
  /** `SERVE_SOCKET_IO_CLIENT` */
  readonly servesClient: boolean;
  /** A larger message ends its connection, bytes. */
  readonly messageMaxBytes: number;
  readonly beforeConnect: BeforeConnect;
}

/** How Socket.IO is set up. */
export class SocketIoAdapter extends IoAdapter {
  constructor(
    app: INestApplicationContext,
    private readonly ours: SocketIoOptions,
  ) {
    super(app);
  }

  /** Binds no handlers: Nest's handlers take 10 kB per client. {@link EventsGateway} receives requests itself. */
  override bindMessageHandlers(): void {
    // No handler is bound.
  }

  override createIOServer(port: number, options?: ServerOptions): Server {
    const { transports, servesClient, messageMaxBytes, beforeConnect } = this.ours;
    const ours: Partial<ServerOptions> = {
      transports,
      // Compression costs memory per connection, and finished frames could not be shared.
      perMessageDeflate: false,
      httpCompression: false,
      maxHttpBufferSize: messageMaxBytes,
      connectTimeout: UNAUTHENTICATED_MS,
      serveClient: servesClient,
    };
    const server = super.createIOServer(port, { ...options, ...ours }) as Server;
    keepPageOrigin(server.engine);
    beforeConnect.watch(server.engine);
    return server;
  }
}
