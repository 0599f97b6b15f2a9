import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

import { relay } from './relay.js';

/** A proxy in front of a gateway that lets WebSockets through and holds back every other answer, as some do with streams. */
export class BufferingProxy {
  private readonly sockets = new Set<Socket>();
  /** Requests whose answers it holds back. */
  held = 0;

  private constructor(private readonly server: Server) {}

  static async to(port: number): Promise<BufferingProxy> {
    const server = createServer();
    const proxy = new BufferingProxy(server);
    server.on('request', (_, response) => {
      proxy.held += 1;
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    });
    server.on('upgrade', ({ method = '', url = '', rawHeaders }, near: Socket, head) => {
      const far = connect(port, '127.0.0.1');
      const fields = rawHeaders.map((text, at) => (at % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('');
      far.write(`${method} ${url} HTTP/1.1\r\n${fields}\r\n`);
      far.write(head);
      relay(near, far, proxy.sockets);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Cuts the WebSockets. */
  cut(): void {
    this.sockets.forEach((socket) => socket.destroy());
  }

  async dispose(): Promise<void> {
    this.cut();
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }
}
