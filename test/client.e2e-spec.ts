import { setTimeout as sleep } from 'node:timers/promises';

import { io } from 'socket.io-client';

import { connect, type Client, type ConnectOptions, type Gap, type TicketMessage } from '#client';
import { useDeployment } from './fixtures/use-deployment.js';
import { tokenFor } from './harness/clients/tokens.js';
import { BufferingProxy } from './harness/buffering-proxy.js';
import { CONFIDENTIAL } from './harness/log-faults.js';
import { NetworkLink } from './harness/network-link.js';
import { until } from './harness/until.js';
import { freshTickets } from './harness/upstream/traffic.js';

const TRANSPORTS = ['sse', 'socket.io'] as const;
const WITHIN_MS = 20_000;

/** A page: what its handlers got. */
class Page {
  readonly contents: string[] = [];
  readonly gaps: Gap[] = [];
  readonly states: string[] = [];
  readonly errors: unknown[] = [];
  readonly client: Client;

  constructor(url: string, options: Partial<ConnectOptions>) {
    const socketIo = () => io;
    this.client = connect({ url, socketIo, retryMaxMs: 2000, onError: (error) => this.errors.push(error), ...options });
    this.client.onState((state) =>
      this.states.push('reason' in state ? `${state.name} (${state.reason})` : state.name),
    );
  }

  follow(caseIds: readonly string[], pauseMs = 0): void {
    this.client.subscribe(caseIds, {
      onMessage: async ({ message }: TicketMessage) => {
        if (pauseMs > 0) await sleep(pauseMs);
        this.contents.push(String(message['content']));
      },
      onGap: (gap) => void this.gaps.push(gap),
    });
  }

  async has(contents: readonly string[]): Promise<void> {
    const isThere = () => this.contents.length >= contents.length && this.client.state.name === 'live';
    await until(
      isThere,
      WITHIN_MS,
      () =>
        `${contents.length} messages, not ${this.contents.length}: ${this.states.join(' ')}; ${JSON.stringify(this.client.state)}`,
    );
    expect([this.contents, this.gaps, this.errors]).toEqual([contents, [], []]);
  }
}

/** The client library as a page uses it, against real processes. */
describe.each(TRANSPORTS)('pollcast-client over %s', (transport) => {
  const deployment = useDeployment({ gateways: 2 });
  const pages: Page[] = [];
  const open = async (options: Partial<ConnectOptions> = {}, url = deployment.gateway().url) => {
    const page = new Page(url, { transport, token: await tokenFor(), ...options });
    pages.push(page);
    return page;
  };
  beforeEach(() => deployment.restore());
  afterEach(() => pages.splice(0).forEach(({ client }) => client.close()));
  const say = async (caseId: string, what: string) => {
    const content = `${CONFIDENTIAL} ${what}`;
    await deployment.upstream.post({ case_id: caseId, content });
    return content;
  };

  it('hands on history, then live messages, and tickets that are added with their history', async () => {
    const [one = '', two = ''] = freshTickets(2);
    const page = await open();
    const said = [await say(one, 'before')];
    page.follow([one]);
    await page.has(said);
    said.push(await say(two, 'of the other, before'));
    page.follow([two]);
    await page.has(said);
    said.push(await say(one, 'live'));
    await page.has(said);
    said.push(await say(two, 'of the other, live'));
    await page.has(said);
  });

  it('loses and doubles nothing when the network is cut, while its handlers are slow', async () => {
    const [caseId = ''] = freshTickets(1);
    const link = await NetworkLink.to(deployment.gateway().port);
    const page = await open({ silenceMs: 2000 }, `http://127.0.0.1:${link.port}`);
    page.follow([caseId], 20);
    const said = [await say(caseId, 'first')];
    await page.has(said);
    link.cut();
    for (let number = 0; number < 20; number += 1) said.push(await say(caseId, `while it is cut: ${number}`));
    await sleep(500);
    link.mend();
    await page.has(said);
    await link.dispose();
  });

  it('goes on at another gateway when its own is killed, and when it drains', async () => {
    const [caseId = ''] = freshTickets(1);
    const link = await NetworkLink.to(deployment.gateway(0).port);
    const page = await open({}, `http://127.0.0.1:${link.port}`);
    page.follow([caseId]);
    const said = [await say(caseId, 'first')];
    await page.has(said);
    link.lead(deployment.gateway(1).port);
    await deployment.gateway(0).kill();
    said.push(await say(caseId, 'after the kill'));
    await page.has(said);
    await deployment.gateway(0).start();
    link.lead(deployment.gateway(0).port);
    await deployment.gateway(1).stop();
    said.push(await say(caseId, 'after the drain'));
    await page.has(said);
    await link.dispose();
  });

  it('gets a new token when the old one ends, without a hole', async () => {
    const [caseId = ''] = freshTickets(1);
    const asked: boolean[] = [];
    const page = await open({
      token: ({ fresh }) => (asked.push(fresh), tokenFor({ expiresInS: fresh ? 60 : 3 })),
    });
    page.follow([caseId]);
    const said = [await say(caseId, 'by the first token')];
    await page.has(said);
    await until(() => asked.includes(true), 5000, 'a second token to be asked for');
    for (let number = 0; number < 5; number += 1) {
      said.push(await say(caseId, `around the end: ${number}`));
      await sleep(500);
    }
    await page.has(said);
  });

  it('is denied in words when the token is refused, and goes on after retry()', async () => {
    const [caseId = ''] = freshTickets(1);
    let token = 'forged';
    const page = await open({ token: () => token });
    page.follow([caseId]);
    await until(() => page.client.state.name === 'denied', WITHIN_MS, 'the state denied');
    expect(page.client.state).toMatchObject({ reason: 'unauthorized', message: expect.stringContaining('token') });
    token = await tokenFor();
    page.client.retry();
    await page.has([await say(caseId, 'at last')]);
  });
});

describe('pollcast-client with what it chooses by itself', () => {
  const deployment = useDeployment();

  it('finds another transport behind a proxy that buffers streams, and keeps it after a cut', async () => {
    const [caseId = ''] = freshTickets(1);
    const proxy = await BufferingProxy.to(deployment.gateway().port);
    const page = new Page(proxy.url, { token: () => tokenFor(), readyMs: 2000 });
    page.follow([caseId]);
    const said = [`${CONFIDENTIAL} first`, `${CONFIDENTIAL} after a cut`] as const;
    await deployment.upstream.post({ case_id: caseId, content: said[0] });
    await page.has(said.slice(0, 1));
    expect(page.client.state).toEqual({ name: 'live', transport: 'socket.io' });
    const { held } = proxy;
    expect(held).toBeGreaterThanOrEqual(2);
    proxy.cut();
    await deployment.upstream.post({ case_id: caseId, content: said[1] });
    await page.has(said);
    expect(proxy.held).toBe(held);
    page.client.close();
    await proxy.dispose();
  });
});
