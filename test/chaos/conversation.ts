import { setTimeout as sleep } from 'node:timers/promises';

import type { SeededRandom } from '../harness/seeded-random.js';
import { until } from '../harness/until.js';
import type { Program } from '../harness/processes/program.js';
import type { SimulatorControl } from '../harness/upstream/simulator-control.js';
import { ResumingClient } from './resuming-client.js';
import { SteadyTraffic } from './steady-traffic.js';
import { faultsOf } from './recording-faults.js';

/** What a conversation needs of a deployment. */
export interface ConversationDeployment {
  readonly gateways: readonly { readonly program: Program }[];
  readonly upstream: SimulatorControl;
}

export interface ConversationParts {
  readonly deployment: ConversationDeployment;
  readonly random: SeededRandom;
  /** The token of the clients. */
  readonly token: string;
  /** Part of the name of each ticket. Conversations of a run have different names. */
  readonly name: string;
}

const TICKETS = 12;
/** Tickets of one client. Every third client also has the ticket that the upstream may refuse. */
const SHARE = 5;
const TRANSPORTS = ['sse', 'websocket', 'sse', 'websocket', 'polling'] as const;
const CLIENTS = 10;
/** Longest time until messages flow again after a fault, ms. */
const STUCK_MS = 45_000;
/**
 * Longest time from the last fault until every client has everything, ms. A refused ticket is polled again after a minute,
 * and if that poll is refused, after two.
 */
const SETTLE_MS = 150_000;

/**
 * Some tickets, the messages that are posted to them, and the clients that follow them. A run has one conversation after the
 * other, so that the history of a ticket stays bounded in a long run.
 */
export class Conversation {
  readonly beganAt = Date.now();

  private constructor(
    private readonly deployment: ConversationDeployment,
    readonly caseIds: readonly string[],
    /** The ticket that the upstream may refuse. */
    readonly refusable: string,
    readonly clients: readonly ResumingClient[],
    private readonly traffic: SteadyTraffic,
  ) {}

  /** Resolves once all clients are connected and messages flow. */
  static async begin({ deployment, random, token, name }: ConversationParts): Promise<Conversation> {
    const caseIds = Array.from({ length: TICKETS }, (_, at) => `${name}-${at + 1}`);
    const refusable = `${name}-refusable`;
    const urls = deployment.gateways.map(({ program }) => program.url);
    const clients = Array.from({ length: CLIENTS }, (_, at) => {
      const wanted = Array.from({ length: SHARE }, (_each, step) => caseIds[(at + step * 2) % TICKETS] ?? '');
      const all = at % 3 === 0 ? [...wanted, refusable] : wanted;
      return new ResumingClient(TRANSPORTS[at % TRANSPORTS.length] ?? 'sse', { token, caseIds: all }, urls);
    });
    const traffic = new SteadyTraffic(deployment.upstream, [...caseIds, refusable], random);
    const conversation = new Conversation(deployment, caseIds, refusable, clients, traffic);
    await Promise.all(clients.map((client) => client.start()));
    traffic.start();
    return conversation;
  }

  /** Posts to each ticket. Resolves when some client has received each posting. @throws Error if that takes too long */
  async flows(): Promise<void> {
    const content = await this.traffic.probe();
    const seen = new Set<string>();
    const heads = this.clients.map(() => 0);
    const look = () => {
      this.clients.forEach(({ recording }, at) => {
        for (const { event, data } of recording.frames.slice(heads[at])) {
          const said = event === 'message' && (data as { message?: { content?: unknown } }).message?.content;
          if (said === content) seen.add((data as { case_id: string }).case_id);
        }
        heads[at] = recording.frames.length;
      });
      return this.caseIds.every((caseId) => seen.has(caseId));
    };
    await until(look, STUCK_MS, () => `${content} to arrive; seen: ${[...seen].join(' ')}`);
  }

  /**
   * Stops posting, waits until all clients have everything, and compares.
   *
   * @param losses how often Redis has lost data since the conversation began
   * @param say gets one line with the numbers of messages
   * @returns what is wrong, one sentence each
   */
  async account(losses: number, say: (line: string) => void): Promise<string[]> {
    await this.traffic.stop();
    const { clients } = this;
    const posted = await Promise.all(clients.map((client) => this.deployment.upstream.ledger(client.caseIds)));
    const faults = () => clients.flatMap((client, at) => faultsOf(client, posted[at] ?? [], losses));
    const lacks = () => faults().some((fault) => fault.includes(' lost: '));
    const deadline = Date.now() + SETTLE_MS;
    while (Date.now() < deadline && lacks()) await sleep(500);
    await sleep(1000); // Time for messages that must not come.
    const got = clients.reduce((sum, { recording }) => sum + recording.messages.length, 0);
    const came = clients.reduce((sum, { connections }) => sum + connections, 0);
    const written = new Set(posted.flat().map(({ seq }) => seq)).size;
    say(`${written} messages posted, ${got} received by ${clients.length} clients over ${came} connections`);
    return faults();
  }

  /** Stops all clients and the posting. */
  async end(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.stop()));
    await this.traffic.stop();
  }
}
