import type { INestApplicationContext } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { Server, ServerOptions } from 'socket.io';
import type { OriginRule } from '../http/origin-rule.js';

/** Largest request of a client, bytes: 500 ids of 64 characters, quoted, take 34 kB. */
const REQUEST_MAX_BYTES = 131_072;
/** A client that opened a transport has this long (ms) to say that it wants the namespace, and with which token. */
const CONNECT_TIMEOUT_MS = 10_000;

/** engine.io itself refuses an upgrade with 400, whatever the reason, unless it was answered already. */
const FORBIDDEN = 'HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

/** How Socket.IO is set up. */
export class SocketIoAdapter extends IoAdapter {
  constructor(
    app: INestApplicationContext,
    private readonly origins: OriginRule,
    /** No long polling in a fleet: its requests would end at processes that do not know the client. */
    private readonly transports: ('websocket' | 'polling')[],
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
      // Browsers do not apply CORS to WebSockets: the handshake itself is refused.
      allowRequest: (request, answer) => {
        const allowed = this.origins.allows(request);
        if (!allowed && request.headers.upgrade !== undefined) {
          request.socket.end(FORBIDDEN);
        }
        answer(allowed ? null : 'origin not allowed', allowed);
      },
      cors: {
        origin: (origin, answer) => answer(null, origin !== undefined && this.origins.isForeign(origin)),
        credentials: true,
      },
    };
    return super.createIOServer(port, { ...options, ...ours }) as Server;
  }
}
