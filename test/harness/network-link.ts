import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import { relay } from './relay.js';

/** The state of a link. */
type Condition =
  | 'whole'
  /** Connections are cut and new ones are refused, as if the host were gone. */
  | 'cut'
  /** Nothing is transferred and no side notices, as in a network that drops packets. */
  | 'silent';

/** A TCP proxy between processes. A test can break it, or lead it elsewhere, without touching them. */
export class NetworkLink {
  private condition: Condition = 'whole';
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private targetPort: number,
  ) {}

  static async to(targetPort: number): Promise<NetworkLink> {
    const server = createServer();
    const link = new NetworkLink(server, targetPort);
    server.on('connection', (socket) => link.accept(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return link;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** How many connections of clients it has. */
  get connections(): number {
    return this.sockets.size / 2;
  }

  /** Sets the target of new connections, as when an address moves to another machine. */
  lead(targetPort: number): void {
    this.targetPort = targetPort;
  }

  cut(): void {
    this.condition = 'cut';
    this.drop();
  }

  silence(): void {
    this.condition = 'silent';
    this.sockets.forEach((socket) => socket.pause());
  }

  /** @param dead whether the silent connections are lost, as when another machine has taken the address */
  mend(dead = false): void {
    this.condition = 'whole';
    if (dead) this.drop();
    else this.sockets.forEach((socket) => socket.resume());
  }

  async dispose(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  private accept(near: Socket): void {
    if (this.condition === 'cut') {
      near.destroy();
      return;
    }
    const far = connect(this.targetPort, '127.0.0.1');
    relay(near, far, this.sockets);
    if (this.condition === 'silent') [near, far].forEach((socket) => socket.pause());
  }

  private drop(): void {
    this.sockets.forEach((socket) => socket.destroy());
  }
}
