import { Interest, type CaseId, type Feed, type InterestParts } from '#core';

import type { SeededRandom } from '../../../test/harness/seeded-random.js';

/** A client that follows some tickets of a feed at one gateway. */
interface Client {
  readonly gateway: Interest;
  readonly feed: Feed;
  readonly caseIds: readonly CaseId[];
}

const GATEWAYS = 2;
/** Most tickets that a client follows. */
const FOLLOWED_MAX = 5;
/** Share of the followed tickets that no client followed before. */
const NEW_TICKET = 0.1;

/**
 * Clients that join and leave the gateways of a deployment. They have no sockets, which makes no difference in Redis.
 */
export class ClientChurn {
  joins = 0;
  leaves = 0;
  private readonly gateways: readonly Interest[];
  private clients: Client[] = [];
  private newTickets = 0;

  /** @param lingerMs `SUBSCRIPTION_LINGER_MS` */
  constructor(
    parts: InterestParts,
    lingerMs: number,
    private readonly random: SeededRandom,
    private readonly feeds: readonly Feed[],
    private readonly tickets: readonly CaseId[],
  ) {
    this.gateways = Array.from({ length: GATEWAYS }, () => new Interest(parts, lingerMs));
  }

  get size(): number {
    return this.clients.length;
  }

  async join(): Promise<void> {
    const { random } = this;
    const count = random.integer(1, FOLLOWED_MAX);
    const caseIds = [...new Set(Array.from({ length: count }, () => this.ticket()))];
    const client = { gateway: random.pick(this.gateways), feed: random.pick(this.feeds), caseIds };
    this.clients.push(client);
    this.joins += 1;
    await client.gateway.acquire(client.feed, caseIds);
  }

  async leave(): Promise<void> {
    const [client] = this.clients.splice(this.random.integer(0, this.clients.length - 1), 1);
    if (client) {
      this.leaves += 1;
      await client.gateway.release(client.feed, client.caseIds);
    }
  }

  async renew(): Promise<void> {
    await Promise.all(this.gateways.map((gateway) => gateway.renew()));
  }

  private ticket(): CaseId {
    if (!this.random.chance(NEW_TICKET)) return this.random.pick(this.tickets);
    this.newTickets += 1;
    return `new-${this.newTickets}`;
  }
}
