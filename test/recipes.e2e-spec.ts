import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { build } from 'esbuild';

import { connect, type Client } from '#client';
import { OneOrigin } from './fixtures/one-origin.js';
import { useBrowser } from './fixtures/use-browser.js';
import { useDeployment } from './fixtures/use-deployment.js';
import { chromiumMissing } from './harness/browser.js';
import { tokenFor } from './harness/clients/tokens.js';
import { CONFIDENTIAL } from './harness/log-faults.js';
import { ROOT } from './harness/processes/repository.js';
import { until } from './harness/until.js';
import { freshTickets } from './harness/upstream/traffic.js';

const RECIPES = join(ROOT, 'docs/recipes');
/** Longest time until a page shows something, ms. The machine may be busy with other things. */
const WITHIN_MS = 30_000;
/** Less than what is posted while nobody is there. */
const HISTORY = 20;

interface ServerRecipe {
  render(asked: { gateway: string; token: string; caseId: string }): Promise<string>;
}

// `npm test` says in its last lines that these are skipped, and why. `npm run test:clients` has those in other languages.
// eslint-disable-next-line no-restricted-syntax
(chromiumMissing === null ? describe : describe.skip)('recipes for pages', () => {
  const deployment = useDeployment({ settings: { HISTORY_MAX_EVENTS: String(HISTORY) } });
  const browser = useBrowser();
  const clients: Client[] = [];
  let origin: OneOrigin | undefined;
  const serve = async (routes: ConstructorParameters<typeof OneOrigin>[1], firstTokenS?: number) => {
    origin = new OneOrigin(() => deployment.gateway().url, routes);
    if (firstTokenS !== undefined) origin.firstTokenS = firstTokenS;
    await origin.listen();
    return origin;
  };
  afterEach(async () => {
    clients.splice(0).forEach((client) => client.close());
    await origin?.dispose();
    origin = undefined;
  });
  const say = async (caseId: string, what: string) => {
    const content = `${CONFIDENTIAL} ${what}`;
    await deployment.upstream.post({ case_id: caseId, content });
    return content;
  };
  /** Follows a ticket beside the page. @returns what it got */
  const observe = async (caseId: string) => {
    const client = connect({ url: deployment.gateway().url, token: await tokenFor(), tabs: false });
    clients.push(client);
    const seen: string[] = [];
    client.subscribe(caseId, { onMessage: ({ message }) => seen.push(String(message['content'])) });
    return seen;
  };

  it('sse.html connects, renews its token, comes back to a gateway that was killed, and says what is missing', async () => {
    const [caseId = ''] = freshTickets(1);
    const site = await serve({ '/': () => readFileSync(join(RECIPES, 'sse.html'), 'utf8') }, 3);
    const said = [await say(caseId, 'history')];
    const page = await browser.open(`${site.url}/?case_ids=${caseId}`);
    const lines = async () => (await page.locator('#messages li').allInnerTexts()).map((line) => line.split(': ')[1]);
    const shows = (count: number) =>
      until(async () => (await lines()).length >= count, WITHIN_MS, `${count} messages in the page`);
    await shows(1);
    await until(() => site.tokens > 0, WITHIN_MS, 'a new token to be asked for');
    said.push(await say(caseId, 'after the renewal'));
    await shows(2);
    expect(await lines()).toEqual(said);
    expect(await page.locator('#missing').innerText()).toBe('');

    // Workers go on with the ticket for a while, so history loses what the page has not got.
    await deployment.gateway().kill();
    await deployment.upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} {n}`, count: 2 * HISTORY });
    await deployment.gateway().start();
    await page.locator('#missing', { hasText: `Messages of ${caseId} are missing` }).waitFor();
    await shows(2 + HISTORY);
    const kept = Array.from({ length: HISTORY }, (_, at) => `${CONFIDENTIAL} ${HISTORY + at + 1}`);
    expect(await lines()).toEqual([...said, ...kept]);
  });

  it('ssr hydrates what the server has rendered, and the stream goes on from there', async () => {
    const [caseId = ''] = freshTickets(1);
    const seen = await observe(caseId);
    const said = [await say(caseId, 'first'), await say(caseId, 'second, 1 < 2')];
    await until(() => seen.length === 2, WITHIN_MS, 'the ticket to be polled');
    const [script, server] = await Promise.all([bundled('page.jsx', 'browser'), bundled('server.jsx', 'node')]);
    const { render } = evaluated(server);
    const site = await serve({
      '/': async () => render({ gateway: deployment.gateway().url, token: await tokenFor(), caseId }),
      '/page.js': async () => {
        // What comes after the page was rendered, and before its script runs.
        if (said.length === 2) said.push(await say(caseId, 'at the seam'));
        await until(() => seen.length === 3, WITHIN_MS, 'the message at the seam');
        return script;
      },
    });
    const page = await (await browser.profile()).newPage();
    const errors: string[] = [];
    page.on('pageerror', ({ message }) => errors.push(message));
    page.on('console', (line) => line.type() === 'error' && errors.push(line.text()));
    await page.goto(site.url);
    const lines = () => page.locator('#root li').allInnerTexts();
    await until(async () => (await lines()).length >= 3, WITHIN_MS, 'the message at the seam in the page');
    said.push(await say(caseId, 'live'));
    await until(async () => (await lines()).length >= 4, WITHIN_MS, 'the live message in the page');
    expect(await lines()).toEqual(said);
    // React tells where what was rendered and what is hydrated differ. The site has no icon.
    expect(errors.filter((error) => !error.startsWith('Failed to load resource'))).toEqual([]);
  });
});

/** A file of the recipe with everything that it imports. */
async function bundled(name: string, platform: 'browser' | 'node'): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(RECIPES, 'ssr', name)],
    alias: { 'pollcast-client': join(ROOT, 'libs/client/dist/esm') },
    nodePaths: [join(ROOT, 'node_modules')],
    jsx: 'automatic',
    bundle: true,
    write: false,
    outdir: ROOT,
    format: platform === 'browser' ? 'esm' : 'cjs',
    platform,
    define: { 'process.env.NODE_ENV': '"development"' },
  });
  return outputFiles[0]?.text ?? '';
}

function evaluated(code: string): ServerRecipe {
  const module = { exports: {} as ServerRecipe };
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the server of the recipe runs in this process
  new Function('module', 'require', code)(module, require);
  return module.exports;
}
