import { setTimeout as sleep } from 'node:timers/promises';

import { SocketClient } from '../harness/clients/socket-client.js';
import { IN_GENERAL_MS, type Fault, type ChaosContext } from './fault.js';

/** Subscribes and unsubscribes that one client sends at once. */
const REQUESTS = 60;
/** Clients that do so at the same time. */
const RAPID_CLIENTS = 4;
/** Messages of one burst: more than a connection may have unsent (`SLOW_CONSUMER_MAX_BYTES`). */
const BURST = 120;

/** Faults of clients and of their networks. */
export const CLIENT_FAULTS: readonly Fault[] = [
  {
    name: 'all clients are dropped at once',
    recoversWithinMs: IN_GENERAL_MS,
    async happen({ clients }) {
      clients.forEach((client) => client.cut());
    },
  },
  {
    name: 'some clients do not read while much is said',
    recoversWithinMs: IN_GENERAL_MS,
    async happen({ clients, deployment: { upstream }, caseIds, random }) {
      const slow = random.shuffled(clients).slice(0, 3);
      const [caseId, ms, run] = [random.pick(caseIds), random.integer(2000, 5000), random.integer(0, 1e9)];
      slow.forEach((client) => client.pause());
      const content = `confidential burst ${run} {n} ${'x'.repeat(300)}`;
      await upstream.post({ case_id: caseId, content, count: BURST });
      await sleep(ms);
      slow.forEach((client) => client.resume());
    },
  },
  {
    name: 'some clients are half-open, then gone',
    recoversWithinMs: IN_GENERAL_MS,
    async happen({ clients, random }) {
      const silent = random.shuffled(clients).slice(0, 4);
      const ms = random.integer(1000, 4000);
      silent.forEach((client) => client.pause());
      await sleep(ms);
      silent.forEach((client) => client.cut());
    },
  },
  {
    name: 'some clients subscribe and unsubscribe as fast as they can',
    recoversWithinMs: IN_GENERAL_MS,
    async happen(context) {
      const subscribed = Array.from({ length: RAPID_CLIENTS }, () =>
        Array.from({ length: REQUESTS }, () => context.random.shuffled(context.caseIds).slice(0, 3)),
      );
      await Promise.all(subscribed.map((each, at) => subscribeRapidly(context, each, at)));
    },
  },
];

async function subscribeRapidly(
  { deployment, token }: ChaosContext,
  subscribed: readonly string[][],
  at: number,
): Promise<void> {
  const client = new SocketClient({ token, caseIds: [] });
  try {
    await client.connect(deployment.gateways[at % deployment.gateways.length]?.program.url ?? '');
    await Promise.all(
      subscribed.flatMap((caseIds) => [
        client.ask('subscribe', { case_ids: caseIds }),
        client.ask('unsubscribe', { case_ids: caseIds }),
      ]),
    );
  } catch {
    // Another fault has ended the connection.
  } finally {
    client.close();
  }
}
