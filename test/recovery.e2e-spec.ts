import { setTimeout as sleep } from 'node:timers/promises';

import type { Client } from './harness/clients/client.js';
import { clientOf, overlappingClients } from './harness/clients/clients.js';
import { useDeployment } from './fixtures/use-deployment.js';
import { exchange } from './harness/clients/exchange.js';
import { expectEverything } from './fixtures/expect-everything.js';
import { CONFIDENTIAL } from './harness/log-faults.js';
import { tokenFor } from './harness/clients/tokens.js';
import { freshTickets, postTraffic } from './harness/upstream/traffic.js';
import { until } from './harness/until.js';

const TRANSPORTS = ['sse', 'websocket', 'polling'] as const;

describe('recovery', () => {
  const deployment = useDeployment({
    gateways: 2,
    // This worker signs its requests. The kind of authentication makes no other difference.
    simulator: { SIMULATOR_TOKEN: 'nobody-has-this-one', SIMULATOR_ACCESS_KEY: 'AK1', SIMULATOR_SECRET_KEY: 'SK1' },
    settings: { UPSTREAM_AUTH: 'aksk', UPSTREAM_ACCESS_KEY: 'AK1', UPSTREAM_SECRET_KEY: 'SK1', UPSTREAM_TOKEN: '' },
  });
  const openAt = (client: Client, gateway: number) => client.open(deployment.gateway(gateway % 2).url);

  it('P1 R7: delivers everything once to clients that lose four connections and resume at the other gateway', async () => {
    const { upstream } = deployment;
    const tickets = freshTickets(6);
    const clients = overlappingClients(6, tickets, { token: await tokenFor() });
    await Promise.all(clients.map((client, at) => openAt(client, at)));

    const traffic = postTraffic(upstream, { caseIds: tickets, messages: 300, overMs: 5000 });
    const cutting = clients.map(async (client, at) => {
      for (let round = 1; round <= 4; round += 1) {
        await sleep(500 + at * 60);
        client.cut();
        // Disconnected for less than an interval, and for more.
        await sleep(50 + round * 100);
        await openAt(client, at + round);
      }
    });
    await Promise.all([traffic, ...cutting]);

    expect(await expectEverything(upstream, clients)).toBe(6 * 150);
    for (const { recording } of clients) {
      expect(recording.of('ready').map(({ data }) => data.recovered)).toEqual([false, true, true, true, true]);
    }
    clients.forEach((client) => client.close());
  });

  it.each(TRANSPORTS)('P1 R2: resumes after a restart of its gateway, over %s', async (transport) => {
    const { upstream } = deployment;
    const [caseId = ''] = freshTickets(1);
    const client = clientOf(transport, { token: await tokenFor(), caseIds: [caseId] });
    await openAt(client, 0);
    await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} before` });
    await client.recording.count(1);

    expect(await deployment.gateway(0).stop()).toBe(0);
    await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} meanwhile {n}`, count: 5 });
    await deployment.gateway(0).start();
    const ready = await openAt(client, 0);
    await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} after` });

    expect(ready).toMatchObject({ recovered: true, case_ids: [caseId] });
    await expectEverything(upstream, [client]);
    client.close();
  });

  describe('of history', () => {
    const [first = '', second = ''] = freshTickets(2, 'past');

    it.each([
      ['no event for history=0', 0, 0],
      ['50 events of each ticket by default', undefined, 50],
      ['as many events as history names', 7, 7],
      ['all events for history=1000', 1000, 80],
    ])('R1: gives %s', async (_what, history, expected) => {
      const { upstream } = deployment;
      const token = await tokenFor();
      await fillHistory();
      for (const transport of TRANSPORTS) {
        const client = clientOf(transport, {
          token,
          caseIds: [first, second],
          ...(history !== undefined && { history }),
        });
        const ready = await openAt(client, 0);
        const before = client.recording.frames.slice(0, client.recording.frames.findIndex(isReady));

        expect([transport, ready.replayed, ready.recovered]).toEqual([transport, before.length, false]);
        for (const caseId of [first, second]) {
          const posted = (await upstream.ledger([caseId])).map(({ content }) => content);
          const given = client.recording.messages.filter(({ data }) => data.case_id === caseId);
          expect(given.map(({ data }) => data.message['content'])).toEqual(posted.slice(posted.length - expected));
        }
        client.close();
      }
    });

    it('H2: is possible page by page, from the first event to a position from which a stream goes on', async () => {
      await fillHistory();
      const token = await tokenFor();
      const contents: unknown[] = [];
      let after = '';
      let pages = 0;
      for (let more = true; more; pages += 1) {
        const url = `${deployment.gateway(1).url}/v1/cases/${first}/messages?limit=25${after && `&after=${after}`}`;
        const { status, text } = await exchange(url, { headers: { authorization: `Bearer ${token}` } });
        expect(status).toBe(200);
        const page = JSON.parse(text);
        contents.push(...page.events.filter(isMessage).map((event: Said) => event.message.content));
        ({ last_event_id: after, more } = page);
      }
      expect(contents).toEqual((await deployment.upstream.ledger([first])).map(({ content }) => content));
      expect(pages).toBe(4); // 80 messages and the status that the ticket began with.

      const client = clientOf('sse', { token, caseIds: [first] });
      client.recording.lastEventId = after;
      expect(await openAt(client, 1)).toMatchObject({ recovered: true, replayed: 0 });
      client.close();
    });

    /** Puts 80 messages into the history of both tickets. */
    async function fillHistory(): Promise<void> {
      const { upstream } = deployment;
      const caseIds = [first, second];
      if ((await upstream.ledger(caseIds)).length > 0) return;
      const observer = clientOf('sse', { token: await tokenFor(), caseIds });
      await openAt(observer, 0);
      // Statuses are events, too. They come first, so the last events of a ticket are its messages.
      await until(() => observer.recording.of('status').length === 2, 10_000, 'the first statuses');
      await postTraffic(upstream, { caseIds, messages: 160, overMs: 1000 });
      await observer.recording.count(160);
      observer.close();
    }
  });
});

interface Said {
  readonly event: string;
  readonly message: { readonly content: string };
}
const isMessage = ({ event }: Said) => event === 'message';
const isReady = ({ event }: { event: string }) => event === 'ready';
