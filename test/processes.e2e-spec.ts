import { readFileSync } from 'node:fs';

import { clientOf } from './harness/clients/clients.js';
import { exchange } from './harness/clients/exchange.js';
import { useDeployment } from './fixtures/use-deployment.js';
import { expectEverything } from './fixtures/expect-everything.js';
import { tokenFor } from './harness/clients/tokens.js';
import { freshTickets, postTraffic } from './harness/upstream/traffic.js';
import { until } from './harness/until.js';

/** `GATEWAY_PROCESSES`: several processes on one port. */
describe('a gateway of three processes', () => {
  const deployment = useDeployment({ settings: { GATEWAY_PROCESSES: '3' } });
  const members = () => {
    const { pid } = deployment.gateway();
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  };
  /** Null without an answer: a connection is lost if it is handed to a process that is killed. */
  const connections = async () => {
    const samples = await deployment
      .gateway()
      .metrics('pollcast_connections', { timeoutMs: 1500 })
      .catch(() => null);
    return samples && [...samples.values()].reduce((sum, value) => sum + value, 0);
  };

  it('delivers everything to every client when one of them is killed, and ends in order', async () => {
    const { upstream } = deployment;
    const tickets = freshTickets(4);
    // A process that does not listen yet gets no connection, and its end would show nothing.
    const listening = () => deployment.gateway().stdout.split('gateway listening').length - 1;
    await until(() => listening() === 3, 30_000, 'three processes to listen');
    const polling = await exchange(`${deployment.gateway().url}/socket.io/?EIO=4&transport=polling`);
    expect([polling.status, polling.text]).toEqual([400, expect.stringContaining("set transports: ['websocket']")]);
    const token = await tokenFor();
    const clients = Array.from({ length: 12 }, (_, at) =>
      clientOf(at % 2 === 0 ? 'sse' : 'websocket', { token, caseIds: tickets.slice(at % 3) }),
    );
    await Promise.all(clients.map((client) => client.open(deployment.gateway().url)));
    await until(async () => (await connections()) === 12, 10_000, 'twelve connections');
    const before = members();
    expect(before).toHaveLength(3);

    await postTraffic(upstream, { caseIds: tickets, messages: 100, overMs: 1000 });
    process.kill(before[0] ?? 0, 'SIGKILL');
    const traffic = postTraffic(upstream, { caseIds: tickets, messages: 100, overMs: 2000 });
    const gone = () => clients.filter(({ ended }) => ended !== null);
    let told: number | null = 0;
    await until(
      async () => (told = await connections()) === 12 - gone().length && gone().length > 0,
      10_000,
      () => `${gone().length} clients to notice, ${told} left`,
    );
    for (const client of gone()) {
      expect(await client.open(deployment.gateway().url)).toMatchObject({ recovered: true });
    }
    await traffic;

    await expectEverything(upstream, clients);
    await until(() => members().length === 3 && members().every((pid) => pid !== before[0]), 10_000, 'a new process');
    clients.forEach((client) => client.close());
    const restarts = await deployment.gateway().metrics('pollcast_fleet_restarts_total');
    expect([...restarts.values()]).toEqual([1]);
    expect(await deployment.gateway().stop()).toBe(0);
  }, 60_000);
});
