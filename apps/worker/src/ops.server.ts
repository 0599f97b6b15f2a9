import { createServer, type Server } from 'node:http';
import { once } from 'node:events';

import type { OpsHandler } from '#ops';

/** The HTTP server of a worker: `/health/live`, `/health/ready` and `/metrics`, nothing else. */
export class OpsServer {
  private readonly server: Server;

  constructor(handle: OpsHandler) {
    this.server = createServer((request, response) => {
      if (!handle(request, response)) {
        response.writeHead(404).end();
      }
    });
  }

  /** @throws if the port is taken */
  async listen(port: number, host: string): Promise<void> {
    this.server.listen(port, host);
    await once(this.server, 'listening');
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    if (this.server.listening) {
      await once(this.server, 'close');
    }
  }
}
