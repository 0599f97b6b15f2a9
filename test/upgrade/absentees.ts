import type { ConversationDeployment } from '../chaos/conversation.js';
import { clientOf } from '../harness/clients/clients.js';
import { account, type Account } from '../harness/upstream/account.js';
import { until } from '../harness/until.js';

/** Longest time until a client that is back has all that it missed, ms. */
const CAUGHT_UP_MS = 30_000;

/** Clients that are away while programs are replaced, and come back with a position that the other release gave them. */
export class Absentees {
  private readonly clients;

  constructor(
    private readonly deployment: ConversationDeployment,
    private readonly caseIds: readonly string[],
    token: string,
  ) {
    this.clients = (['sse', 'websocket'] as const).map((transport) => clientOf(transport, { token, caseIds }));
  }

  /** All of them come, each to another gateway, and leave once they have what had been posted when they came. */
  async visit(): Promise<void> {
    const { gateways } = this.deployment;
    const posted = await this.posted();
    await Promise.all(
      this.clients.map(async (client, at) => {
        await client.open(gateways[at % gateways.length]?.program.url ?? '');
        await until(
          () => client.recording.messages.length >= posted.length,
          CAUGHT_UP_MS,
          () => `${posted.length} messages at a client that was away, but ${client.recording.messages.length} came`,
        );
        client.close();
      }),
    );
  }

  /** The last visit, when nothing is posted any more. @returns what is wrong, one sentence each */
  async account(say: (line: string) => void): Promise<string[]> {
    await this.visit();
    const posted = await this.posted();
    say(`${posted.length} messages posted to the tickets of ${this.clients.length} clients that were away`);
    return this.clients.flatMap(({ transport, recording }) =>
      faultsOf(account(posted, recording)).map((fault) => `${transport} client that was away: ${fault}`),
    );
  }

  private posted() {
    return this.deployment.upstream.ledger(this.caseIds);
  }
}

function faultsOf({ lost, doubled, disordered, gaps }: Account): string[] {
  return Object.entries({ lost, doubled, 'out of order': disordered, gap: gaps }).flatMap(([what, which]) =>
    which.map((each) => `${what}: ${each}`),
  );
}
