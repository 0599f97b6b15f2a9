import { useBrowser } from './fixtures/use-browser.js';
import { useDeployment } from './fixtures/use-deployment.js';
import { chromiumMissing } from './harness/browser.js';
import { ClientPage, PageServer, type FollowOptions } from './fixtures/client-page.js';
import { tokenFor } from './harness/clients/tokens.js';
import { CONFIDENTIAL } from './harness/log-faults.js';
import { NetworkLink } from './harness/network-link.js';
import { until } from './harness/until.js';
import { freshTickets } from './harness/upstream/traffic.js';

/** Longest wait, ms. */
const WITHIN_MS = 30_000;

// `npm test` says in its last lines that these are skipped, and why.
// eslint-disable-next-line no-restricted-syntax
(chromiumMissing === null ? describe : describe.skip)('pages in a real Chromium', () => {
  let pages: PageServer;
  beforeAll(async () => void (pages = await PageServer.start()));
  afterAll(() => pages.dispose());
  const deployment = useDeployment({ gateways: 3, settings: () => ({ ALLOWED_ORIGINS: pages.origin }) });
  const browser = useBrowser();
  const tabs = async (count: number) => {
    const profile = await browser.profile();
    const tokenOf = (_: string, fresh: boolean) => tokenFor({ expiresInS: fresh ? 60 : 3600 });
    const opened: ClientPage[] = [];
    for (let number = 0; number < count; number += 1) {
      opened.push(await ClientPage.open(profile, pages.origin, tokenOf));
    }
    return opened;
  };
  const links: NetworkLink[] = [];
  const linkTo = async (gateway: number) => {
    const link = await NetworkLink.to(deployment.gateway(gateway).port);
    links.push(link);
    return link;
  };
  afterEach(() => Promise.all(links.splice(0).map((link) => link.dispose())));
  const say = async (caseId: string, what: string) => {
    const content = `${CONFIDENTIAL} ${what}`;
    await deployment.upstream.post({ case_id: caseId, content });
    return content;
  };

  it('six tabs share one connection, also when the one that has it is closed', async () => {
    const link = await linkTo(2);
    const options: FollowOptions = { url: `http://127.0.0.1:${link.port}`, tokenOf: 'user' };
    const [caseId = ''] = freshTickets(1);
    const [first, ...others] = await tabs(6);
    const said = [await say(caseId, 'first')];
    await first?.follow(options, [caseId]);
    await first?.has(said);
    // They get what the first one holds.
    await Promise.all(others.map((tab) => tab.follow(options, [caseId])));
    await Promise.all(others.map((tab) => tab.has(said)));
    said.push(await say(caseId, 'second'));
    await Promise.all(others.map((tab) => tab.has(said)));
    expect(link.connections).toBe(1);
    await first?.page.close();
    said.push(await say(caseId, 'third'));
    await Promise.all(others.map((tab) => tab.has(said)));
    await until(
      () => link.connections === 1,
      WITHIN_MS,
      () => `${link.connections} connections`,
    );
    expect((await others[4]?.record())?.states).toEqual(['connecting', 'live']);
  });
});
