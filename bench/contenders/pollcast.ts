import { Agent } from 'node:http';
import { content } from '../load/marker.js';
import type { DialectName } from '../load/dialect.js';
import { ticketName } from '../load/commands.js';
import { JWT_SECRET } from '../../test/harness/clients/tokens.js';
import { freePort, untilListening } from '../../test/harness/processes/ports.js';
import { RedisServer } from '../../test/harness/processes/redis-server.js';
import { BenchProcess } from '../support/process.js';
import type { Contender, ContenderKind, Posting } from './contender.js';
import { posted } from './posted.js';
import { TokenIssuer } from './token-issuer.js';

export type Settings = Readonly<Record<string, string>>;

/** An upstream message, as the simulator's `/control/ledger` lists it. */
export interface Shown {
  readonly case_id: string;
  readonly content: string;
  readonly shown_at: number | null;
}

const ENDPOINTS = {
  sse: { dialect: 'sse', path: '/v1/events?case_ids={ticket}&history=0' },
  'socket.io': { dialect: 'socket.io', path: '/socket.io/?EIO=4&transport=websocket' },
} as const;

/** The whole of Pollcast: upstream simulator, worker, Redis and gateway, each a process. The gateway is measured. */
export class Pollcast implements ContenderKind {
  constructor(
    readonly name: string,
    private readonly dialect: Extract<DialectName, 'sse' | 'socket.io'>,
    private readonly settings: Settings,
  ) {}

  absent(): null {
    return null;
  }

  async start(): Promise<PollcastDeployment> {
    return PollcastDeployment.start(this.name, this.dialect, this.settings);
  }
}

/** The same, with clients whose tokens are signed by an identity provider: the gateway fetches its published keys. */
export class PollcastWithIssuer implements ContenderKind {
  constructor(
    readonly name: string,
    private readonly dialect: Extract<DialectName, 'sse' | 'socket.io'>,
    private readonly settings: Settings,
  ) {}

  absent(): null {
    return null;
  }

  async start(): Promise<Contender> {
    const issuer = await TokenIssuer.start();
    const settings = { ...this.settings, AUTH_JWT_SECRET: '', AUTH_JWKS_URL: issuer.url };
    const deployment = await PollcastDeployment.start(this.name, this.dialect, settings);
    const tokens = { reader: 'pollcast', key: issuer.key } as const;
    return {
      name: this.name,
      server: deployment.server,
      endpoint: { ...deployment.endpoint, tokens },
      publish: (postings) => deployment.publish(postings),
      stop: async () => {
        await deployment.stop();
        issuer.stop();
      },
    };
  }
}

export class PollcastDeployment implements Contender {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });

  private constructor(
    readonly name: string,
    private gateway: BenchProcess,
    private readonly startGateway: () => Promise<BenchProcess>,
    readonly endpoint: Contender['endpoint'],
    private readonly others: readonly BenchProcess[],
    private readonly simulatorPort: number,
    private readonly redis: RedisServer,
    private readonly workerPort: number,
  ) {}

  static async start(name: string, dialect: keyof typeof ENDPOINTS, settings: Settings): Promise<PollcastDeployment> {
    const [simulatorPort, workerPort, port] = [await freePort(), await freePort(), await freePort()];
    const redis = await RedisServer.start();
    const env = {
      HOST: '127.0.0.1',
      LOG_LEVEL: 'warn',
      REDIS_URL: redis.url,
      UPSTREAM_BASE_URL: `http://127.0.0.1:${simulatorPort}`,
      UPSTREAM_TOKEN: 'bench',
      AUTH_JWT_SECRET: JWT_SECRET,
      ...settings,
    };
    const program = (app: string, appPort: number) =>
      BenchProcess.node(`apps/${app}/src/main.js`, { ...env, PORT: String(appPort) });
    const simulator = program('simulator', simulatorPort);
    await untilListening(simulatorPort, 'the simulator');
    const worker = program('worker', workerPort);
    const startGateway = async () => {
      const gateway = program('gateway', port);
      await untilListening(port, 'the gateway');
      return gateway;
    };
    const gateway = await startGateway();
    await untilListening(workerPort, 'the worker');
    const endpoint = { ...ENDPOINTS[dialect], port, subscribes: true };
    const others = [worker, simulator];
    return new PollcastDeployment(name, gateway, startGateway, endpoint, others, simulatorPort, redis, workerPort);
  }

  get redisPort(): number {
    return this.redis.port;
  }

  get server(): BenchProcess {
    return this.gateway;
  }

  /** Kills the gateway and starts another one. */
  async replaceGateway(): Promise<void> {
    await this.gateway.kill();
    this.gateway = await this.startGateway();
  }

  /** Posts messages to the simulated upstream. The worker finds them with its next poll. */
  publish(postings: readonly Posting[]): Promise<void> {
    const orders = postings.map(({ ticket, number }) => ({ case_id: ticketName(ticket), content: content(number) }));
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify(orders);
    return posted(this.agent, { port: this.simulatorPort, path: '/control/messages', headers, body });
  }

  /** All messages of the upstream, and when an answer first showed each (ms of `exactMs`). */
  async shown(): Promise<readonly Shown[]> {
    const response = await fetch(`http://127.0.0.1:${this.simulatorPort}/control/ledger`);
    return ((await response.json()) as { messages: Shown[] }).messages;
  }

  /** The metrics of the gateway and of the worker. */
  metrics(): Promise<string[]> {
    const ports = [this.endpoint.port, this.workerPort];
    return Promise.all(ports.map(async (port) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()));
  }

  async stop(): Promise<void> {
    this.agent.destroy();
    await this.gateway.stop();
    for (const other of this.others) await other.stop();
    await this.redis.dispose();
  }
}
