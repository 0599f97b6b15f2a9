import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import { relay } from './relay.js';

/** A TCP proxy to one port. It keeps every byte that comes back, whatever the client makes of it. */
export class RecordingLink {
  private readonly received: Buffer[] = [];
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly targetPort: number,
  ) {}

  static async to(targetPort: number): Promise<RecordingLink> {
    const server = createServer();
    const link = new RecordingLink(server, targetPort);
    server.on('connection', (socket) => link.accept(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return link;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Everything that came back so far over all connections, one character a byte. */
  get text(): string {
    return Buffer.concat(this.received).toString('latin1');
  }

  dispose(): void {
    this.server.close();
    this.sockets.forEach((socket) => socket.destroy());
  }

  private accept(near: Socket): void {
    const far = connect(this.targetPort, '127.0.0.1');
    far.on('data', (data) => this.received.push(data));
    relay(near, far, this.sockets);
  }
}
