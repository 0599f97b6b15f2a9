import { get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { io, type Socket } from 'socket.io-client';
import { GatewaySettings, readSettings } from '#ops';
import { tokenFor } from '../../../test/harness/clients/tokens.js';
import { GatewayModule } from '../src/gateway.module.js';
import { GatewayProgram } from '../src/gateway.program.js';
import { GatewayStore } from '../src/gateway.store.js';
import { HttpAdapter } from '../src/http/http.adapter.js';
import { SseStream } from './sse-stream.js';
import { TestStore } from './test-store.js';

const SECRET = 'a secret for tests of at least 32 bytes';
const SETTINGS = { AUTH_JWT_SECRET: SECRET, LOG_LEVEL: 'silent', PORT: '0', HOST: '127.0.0.1', DRAIN_MS: '300' };

/** A token of alice, who may read the tickets whose ids begin with A. */
export function token(claims: object = {}, expiresInS = 3600): Promise<string> {
  return tokenFor({ sub: 'alice', cases: ['A*'], groups: undefined, expiresInS, secret: SECRET, ...claims });
}

/** A whole gateway in this process, with a store in memory. Its clients end with it. */
export class RunningGateway {
  private readonly clients: (Socket | SseStream)[] = [];

  private constructor(
    readonly program: GatewayProgram,
    readonly store: TestStore,
    readonly url: string,
    readonly server: Server,
  ) {}

  static async start(env: Record<string, string> = {}, store = new TestStore()): Promise<RunningGateway> {
    const module = await Test.createTestingModule({ imports: [GatewayModule] })
      .overrideProvider(GatewaySettings)
      .useValue(readSettings('gateway', { ...SETTINGS, ...env }))
      .overrideProvider(GatewayStore)
      .useValue(store)
      .compile();
    const app = module.createNestApplication<NestExpressApplication>(new HttpAdapter(), { bodyParser: false });
    const program = new GatewayProgram(app);
    await program.start();
    const server: Server = app.getHttpServer();
    const { port } = server.address() as AddressInfo;
    return new RunningGateway(program, store, `http://127.0.0.1:${port}`, server);
  }

  async stop(): Promise<void> {
    this.clients.forEach((client) => (client instanceof SseStream ? client.response.destroy() : client.disconnect()));
    await this.program.stop();
  }

  /** Reads a path as alice, unless the headers say otherwise. */
  async read(path: string, headers: Record<string, string> = {}): Promise<SseStream> {
    const authorization = `Bearer ${await token()}`;
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get(`${this.url}${path}`, { headers: { authorization, ...headers }, agent: false }, resolve).on('error', reject);
    });
    const stream = new SseStream(response);
    this.clients.push(stream);
    return stream;
  }

  /** @throws the error of `connect_error` */
  async connect(auth: object, options: object = {}): Promise<Socket> {
    const given = { auth, transports: ['websocket'], forceNew: true, reconnection: false, ...options };
    const socket = io(this.url, given);
    this.clients.push(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('connect_error', reject);
    });
    return socket;
  }
}
