import { createServer, request as ask, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

/** A request that the proxy has received. */
export interface Proxied {
  /** `CONNECT`, for a tunnel, or the method of a plain request. */
  readonly method: string;
  /** `host:port` of a tunnel, the URL of a plain request. */
  readonly target: string;
}

/** An HTTP proxy: tunnels HTTPS, forwards HTTP, and may require credentials. */
export class ForwardProxy {
  /** The requests that it has received, refused ones included. */
  readonly seen: Proxied[] = [];
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  /** @param credentials `user:password`, without which it answers 407; empty if it requires none */
  private constructor(private readonly credentials: string) {
    this.server = createServer((request, response) => this.passOn(request, response));
    this.server.on('connect', (request: IncomingMessage, socket: Socket) => this.tunnel(request, socket));
    this.server.on('connection', (socket) => this.keep(socket));
  }

  static async start(credentials = ''): Promise<ForwardProxy> {
    const proxy = new ForwardProxy(credentials);
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** @param credentials as they are in a URL before the host */
  url(credentials = ''): string {
    const { port } = this.server.address() as AddressInfo;
    return `http://${credentials === '' ? '' : `${credentials}@`}127.0.0.1:${port}`;
  }

  async close(): Promise<void> {
    this.sockets.forEach((socket) => socket.destroy());
    await new Promise((resolve) => this.server.close(resolve));
  }

  private tunnel(request: IncomingMessage, socket: Socket): void {
    const target = request.url ?? '';
    if (!this.isKnown(request, { method: 'CONNECT', target })) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="proxy"\r\n\r\n');
      return;
    }
    const [host = '', port = ''] = target.split(':');
    const upstream = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    this.keep(upstream);
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
  }

  private passOn(request: IncomingMessage, response: ServerResponse): void {
    const target = request.url ?? '';
    if (!this.isKnown(request, { method: request.method ?? '', target })) {
      response.writeHead(407, { 'proxy-authenticate': 'Basic realm="proxy"' }).end();
      return;
    }
    const { 'proxy-authorization': _, ...headers } = request.headers;
    const passed = ask(target, { method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on('error', () => response.destroy());
    request.pipe(passed);
  }

  private isKnown(request: IncomingMessage, proxied: Proxied): boolean {
    this.seen.push(proxied);
    const expected = `Basic ${Buffer.from(this.credentials).toString('base64')}`;
    return this.credentials === '' || request.headers['proxy-authorization'] === expected;
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
  }
}
