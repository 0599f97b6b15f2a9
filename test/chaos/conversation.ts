import { setTimeout as sleep } from 'node:timers/promises';

import type { SeededRandom } from '../harness/seeded-random.js';
import { until } from '../harness/until.js';
import type { Program } from '../harness/processes/program.js';
import type { SimulatorControl } from '../harness/upstream/simulator-control.js';
import { AccountUnread } from '../harness/upstream/account-unread.js';
import { ResumingClient } from './resuming-client.js';
import { SteadyTraffic } from './steady-traffic.js';
import { faultsOf, unreadFaults } from './recording-faults.js';
import { WholeReaders } from './whole-readers.js';

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
  /** `HISTORY_MAX_EVENTS` of the deployment. Readers read one ticket with more messages as a whole; absent: there are none. */
  readonly historyMax?: number;
}

const TICKETS = 12;
/** Tickets of one client. Every third client also has the ticket that the upstream may refuse. */
const SHARE = 5;
const TRANSPORTS = ['sse', 'websocket', 'sse', 'websocket', 'polling'] as const;
const CLIENTS = 10;
/** What every second client asks for besides messages. */
const SNAPSHOTS = { snapshot: 1, unread: 1, history: 40 } as const;
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
    private readonly readers: WholeReaders | null,
  ) {}

  /** Resolves once all clients are connected and messages flow. */
  static async begin({ deployment, random, token, name, historyMax }: ConversationParts): Promise<Conversation> {
    const caseIds = Array.from({ length: TICKETS }, (_, at) => `${name}-${at + 1}`);
    const refusable = `${name}-refusable`;
    const urls = deployment.gateways.map(({ program }) => program.url);
    const clients = Array.from({ length: CLIENTS }, (_, at) => {
      const wanted = Array.from({ length: SHARE }, (_each, step) => caseIds[(at + step * 2) % TICKETS] ?? '');
      const all = at % 3 === 0 ? [...wanted, refusable] : wanted;
      const options = { token, caseIds: all, ...(at % 2 === 0 && SNAPSHOTS) };
      return new ResumingClient(TRANSPORTS[at % TRANSPORTS.length] ?? 'sse', options, urls);
    });
    const readers =
      historyMax === undefined
        ? null
        : await WholeReaders.begin({ ...{ upstream: deployment.upstream, token, random, urls }, name, historyMax });
    const posted = [...caseIds, refusable, ...(readers ? [readers.caseId] : [])];
    const traffic = new SteadyTraffic(deployment.upstream, posted, random);
    const conversation = new Conversation(deployment, caseIds, refusable, clients, traffic, readers);
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
    await this.readers?.arrive();
    const { clients, readers } = this;
    const { upstream } = this.deployment;
    const posted = await Promise.all(clients.map((client) => upstream.ledger(client.caseIds)));
    const archive = readers ? await upstream.ledger([readers.caseId]) : [];
    const unread = await new AccountUnread(upstream.url).counts([...this.caseIds, this.refusable]);
    const faults = () => [
      ...clients.flatMap((client, at) => faultsOf(client, posted[at] ?? [], losses)),
      ...clients.flatMap((client) => unreadFaults(client, unread)),
      ...(readers?.account(archive, losses) ?? []),
    ];
    const lacks = () => faults().some((fault) => fault.includes(' lost: '));
    const deadline = Date.now() + SETTLE_MS;
    while (Date.now() < deadline && lacks()) await sleep(500);
    await sleep(1000); // Time for messages that must not come.
    const got = clients.reduce((sum, { recording }) => sum + recording.messages.length, 0);
    const came = clients.reduce((sum, { connections }) => sum + connections, 0);
    const written = new Set(posted.flat().map(({ seq }) => seq)).size;
    if (readers) say(readers.summary);
    say(`${written} messages posted, ${got} received by ${clients.length} clients over ${came} connections`);
    return faults();
  }

  /** Stops all clients and the posting. */
  async end(): Promise<void> {
    await Promise.all([...this.clients.map((client) => client.stop()), this.readers?.stop()]);
    await this.traffic.stop();
  }
}
