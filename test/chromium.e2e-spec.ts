import { setTimeout as sleep } from 'node:timers/promises';

import type { BrowserContext } from 'playwright-core';

import { ClientPage, PageServer, type FollowOptions } from './fixtures/client-page.js';
import { useDeployment } from './fixtures/use-deployment.js';
import { Browser, chromiumMissing } from './harness/browser.js';
import { tokenFor } from './harness/clients/tokens.js';
import { CONFIDENTIAL } from './harness/log-faults.js';
import { NetworkLink } from './harness/network-link.js';
import { Nginx, nginxMissing } from './harness/processes/nginx.js';
import { until } from './harness/until.js';
import { freshTickets } from './harness/upstream/traffic.js';

/** Longest wait, ms. */
const WITHIN_MS = 30_000;
/** Longest scenario, ms: all of them run beside each other, on a machine that may be busy. */
const SCENARIO_MS = 120_000;
const CUT_MS = 10_000;

/** A scenario's own: tickets, tabs of one user, and a way to a gateway that it can break. */
class Scenario {
  readonly said: string[] = [];
  readonly caseId: string;
  /** A ticket of another user. */
  readonly otherCaseId: string;
  private readonly links: NetworkLink[] = [];

  constructor(
    private readonly profile: BrowserContext,
    private readonly origin: string,
    private readonly post: (posting: { case_id: string; content: string }) => Promise<unknown>,
  ) {
    [this.caseId = '', this.otherCaseId = ''] = freshTickets(2);
  }

  async linkTo(port: number): Promise<{ link: NetworkLink; url: string }> {
    const link = await NetworkLink.to(port);
    this.links.push(link);
    return { link, url: `http://127.0.0.1:${link.port}` };
  }

  /**
   * @param origin of the page
   * `tokenOf: 'short'`: the first token of a page ends after three seconds. `'bob'` may read the other ticket only.
   */
  tab(origin = this.origin): Promise<ClientPage> {
    const tokenOf = (which: string, fresh: boolean) =>
      tokenFor({
        ...{ sub: which, expiresInS: which === 'short' && !fresh ? 3 : 60 },
        ...(which === 'bob' && { cases: [this.otherCaseId] }),
      });
    return ClientPage.open(this.profile, origin, tokenOf);
  }

  /** The browser has the cookie of a user, as after a sign-in. */
  async signIn(url: string): Promise<void> {
    await this.profile.addCookies([
      { name: 'pollcast_token', value: await tokenFor(), url, httpOnly: true, sameSite: 'Lax' },
    ]);
  }

  async follower(options: FollowOptions): Promise<ClientPage> {
    const tab = await this.tab();
    await tab.follow(options, [this.caseId]);
    await this.say('first');
    await tab.has(this.said);
    return tab;
  }

  async say(what: string): Promise<void> {
    this.said.push(await this.sayIn(this.caseId, what));
  }

  async sayIn(caseId: string, what: string): Promise<string> {
    const content = `${CONFIDENTIAL} ${what}`;
    await this.post({ case_id: caseId, content });
    return content;
  }

  async dispose(): Promise<void> {
    await Promise.all(this.links.map((link) => link.dispose()));
  }
}

// `npm test` says in its last lines that these are skipped, and why.
// eslint-disable-next-line no-restricted-syntax
(chromiumMissing === null ? describe : describe.skip)('pages in a real Chromium', () => {
  let pages: PageServer;
  /** The same pages at an origin that no gateway allows. */
  let strangers: PageServer;
  let browser: Browser;
  let nginx: Nginx | null = null;
  const running = new Map<string, Promise<unknown>>();
  const scenarios = new Map<string, (own: Scenario) => Promise<void>>();
  beforeAll(async () => void ([pages, strangers] = await Promise.all([PageServer.start(), PageServer.start()])));
  const deployment = useDeployment({ gateways: 3, settings: () => ({ ALLOWED_ORIGINS: pages.origin }) });
  beforeAll(async () => {
    browser = await Browser.start();
    if (nginxMissing === null) nginx = await Nginx.start([deployment.gateway(2).port]);
    for (const [name, run] of scenarios) running.set(name, play(name, run));
  });
  afterAll(async () => {
    await Promise.allSettled(running.values());
    await browser.dispose();
    await nginx?.dispose();
    await Promise.all([pages.dispose(), strangers.dispose()]);
  });

  /** Never rejects. @returns what went wrong */
  async function play(name: string, run: (own: Scenario) => Promise<void>): Promise<unknown> {
    const post = (posting: { case_id: string; content: string }) => deployment.upstream.post(posting);
    const profile = await browser.profile();
    const own = new Scenario(profile, pages.origin, post);
    try {
      await run(own);
      return null;
    } catch (error) {
      const files = await browser.picture(name, [profile]);
      process.stderr.write(`pictures of the pages: ${files.join(' ') || 'none'}\n`);
      return error;
    } finally {
      await own.dispose();
    }
  }

  /** All scenarios run beside each other: most of them wait. */
  function scenario(name: string, run: (own: Scenario) => Promise<void>): void {
    scenarios.set(name, run);
    it(
      name,
      async () => {
        const error = await running.get(name);
        if (error) throw error as Error;
      },
      SCENARIO_MS,
    );
  }

  const port = (gateway: number) => deployment.gateway(gateway).port;

  scenario('six tabs share one connection, also when the one that has it is closed', async (own) => {
    const { link, url } = await own.linkTo(port(2));
    const options: FollowOptions = { url, tokenOf: 'user' };
    const first = await own.follower(options);
    const others = await Promise.all(Array.from({ length: 5 }, () => own.tab()));
    await Promise.all(others.map((tab) => tab.follow(options, [own.caseId])));
    // They get what the first one holds.
    await Promise.all(others.map((tab) => tab.has(own.said)));
    await own.say('second');
    await Promise.all(others.map((tab) => tab.has(own.said)));
    expect(link.connections).toBe(1);
    // Six streams would take all connections that a browser makes to one host over HTTP/1.1.
    const ask = ([address, authorization]: readonly [string, string]) =>
      fetch(address, { headers: { authorization } }).then(({ status }) => status);
    const history = [`${url}/v1/cases/${own.caseId}/messages`, `Bearer ${await tokenFor()}`] as const;
    expect(await others[4]?.page.evaluate(ask, history)).toBe(200);
    await first.page.close();
    await own.say('third');
    await Promise.all(others.map((tab) => tab.has(own.said)));
    expect((await others[4]?.record())?.states).toEqual(['connecting', 'live']);
  });

  scenario('a network that is cut for ten seconds', async (own) => {
    const { link, url } = await own.linkTo(port(2));
    const tab = await own.follower({ url, tokenOf: 'user' });
    link.cut();
    await own.say('while it is cut');
    await sleep(CUT_MS);
    await own.say('still');
    link.mend();
    await tab.has(own.said);
  });

  scenario('a gateway that is killed', async (own) => {
    const { link, url } = await own.linkTo(port(0));
    const tab = await own.follower({ url, tokenOf: 'user' });
    link.lead(port(2));
    await deployment.gateway(0).kill();
    await own.say('after the kill');
    await tab.has(own.said);
  });

  scenario('a gateway that drains', async (own) => {
    const { link, url } = await own.linkTo(port(1));
    const tab = await own.follower({ url, tokenOf: 'user' });
    link.lead(port(2));
    await deployment.gateway(1).stop();
    await own.say('after the drain');
    await tab.has(own.said);
  });

  scenario('a token that ends and is renewed', async (own) => {
    const { url } = await own.linkTo(port(2));
    const tab = await own.follower({ url, tokenOf: 'short' });
    for (let number = 0; number < 5; number += 1) {
      await own.say(`around the end: ${number}`);
      await sleep(1000);
    }
    await tab.has(own.said);
  });

  scenario('a page that is frozen and thawed', async (own) => {
    const { link, url } = await own.linkTo(port(2));
    const tab = await own.follower({ url, tokenOf: 'user' });
    const session = await tab.page.context().newCDPSession(tab.page);
    await session.send('Page.setWebLifecycleState', { state: 'frozen' });
    await own.say('while it is frozen');
    link.cut();
    await own.say('still frozen, and its connection is gone');
    link.mend();
    await session.send('Page.setWebLifecycleState', { state: 'active' });
    await tab.has(own.said);
  });

  scenario('a page that the user leaves and comes back to', async (own) => {
    const { url } = await own.linkTo(port(2));
    const tab = await own.follower({ url, tokenOf: 'user' });
    await tab.page.goto(`${pages.origin}/elsewhere`);
    await own.say('while another page is shown');
    await tab.page.goBack({ waitUntil: 'commit' });
    await tab.has(own.said);
    // It is the same page, and not the next one after a reload.
    expect((await tab.record()).returns).toBe(1);
  });

  scenario('a page of another origin, with the cookie of its user', async (own) => {
    const { link } = await own.linkTo(port(2));
    // Browsers send a cookie to its own site only. To them, ports of one host are one site, and 127.0.0.1 is another one.
    const url = `http://localhost:${link.port}`;
    await own.signIn(url);
    const tab = await own.follower({ url });
    expect((await tab.record()).states).toEqual(['connecting', 'live']);
    const refused = await Promise.all([own.tab(strangers.origin), own.tab(strangers.origin)]);
    await refused[0].follow({ url }, [own.caseId]);
    await refused[1].follow({ url, tokenOf: 'user' }, [own.caseId]);
    const hint = `${strangers.origin} in ALLOWED_ORIGINS`;
    for (const page of refused) {
      await until(
        async () => (await page.record()).states.some((state) => state.includes(hint)),
        WITHIN_MS,
        'the reason',
      );
    }
    await own.say('second');
    await tab.has(own.said);
    expect((await Promise.all(refused.map((page) => page.record()))).map(({ contents }) => contents)).toEqual([[], []]);
  });

  scenario('two users in one browser', async (own) => {
    const { link, url } = await own.linkTo(port(2));
    const ada = await own.follower({ url, tokenOf: 'ada' });
    const bob = await own.tab();
    await bob.follow({ url, tokenOf: 'bob' }, [own.caseId, own.otherCaseId]);
    const his = [await own.sayIn(own.otherCaseId, 'to bob')];
    await bob.has(his);
    await own.say('to ada');
    await ada.has(own.said);
    his.push(await own.sayIn(own.otherCaseId, 'to bob again'));
    await bob.has(his);
    expect((await bob.record()).revoked).toEqual([own.caseId]);
    expect(link.connections).toBeGreaterThanOrEqual(2);
  });

  scenario('a browser without streams of fetch', async (own) => {
    const { link, url } = await own.linkTo(port(2));
    const tab = await own.tab();
    const kinds: string[] = [];
    tab.page.on('request', (request) => request.url().includes('/v1/events') && kinds.push(request.resourceType()));
    await tab.reload(() => void Reflect.deleteProperty(globalThis, 'ReadableStream'));
    await tab.follow({ url, tokenOf: 'user' }, [own.caseId]);
    await own.say('first');
    await tab.has(own.said);
    link.cut();
    await own.say('while it is cut');
    link.mend();
    await tab.has(own.said);
    expect(new Set(kinds)).toEqual(new Set(['eventsource']));
  });

  // `npm test` says in its last lines that these are skipped, and why.
  if (nginxMissing !== null) return;
  const behind = () => {
    if (!nginx) throw new Error('nginx is started before the first test');
    return nginx;
  };

  for (const [version, urlOf] of [
    ['http/1.1', () => behind().url],
    ['h2', () => behind().tlsUrl],
  ] as const) {
    scenario(`behind nginx over ${version}`, async (own) => {
      const tab = await own.tab();
      const protocols: (string | undefined)[] = [];
      const session = await tab.page.context().newCDPSession(tab.page);
      session.on('Network.responseReceived', ({ response }) => {
        if (response.url.includes('/v1/events')) protocols.push(response.protocol);
      });
      await session.send('Network.enable');
      await tab.follow({ url: urlOf(), tokenOf: 'user' }, [own.caseId]);
      await own.say('first');
      await tab.has(own.said);
      await own.say('second');
      await tab.has(own.said);
      await until(() => protocols.length > 0, WITHIN_MS, 'the answer of the stream');
      expect([...new Set(protocols)]).toEqual([version]);
    });
  }
});
