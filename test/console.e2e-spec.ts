import { randomInt } from 'node:crypto';

import type { ConsoleMessage, Page } from 'playwright-core';

import { axeViolations } from './fixtures/axe-violations.js';
import { useBrowser } from './fixtures/use-browser.js';
import { chromiumMissing } from './harness/browser.js';
import { freePort } from './harness/processes/ports.js';
import { ScriptRun } from './harness/processes/script-run.js';
import { RandomPerson } from './harness/random-person.js';
import { SimulatorControl } from './harness/upstream/simulator-control.js';
import { until } from './harness/until.js';

/** Longest start, ms: it may install and build. */
const START_MS = 240_000;
const TEST_MS = 120_000;
/** `CLICK_SECONDS`: how long a random person uses the console; `CLICK_SEED`: the steps of the run that named this seed. */
const CLICK_SECONDS = Number(process.env['CLICK_SECONDS'] ?? 6);
/** Default of MAX_CONNECTIONS_PER_SUBJECT. */
const CONNECTIONS_MAX = 20;
/** Longest time until something is seen, ms. The machine may be busy with other things. */
const SEEN_MS = 30_000;
/** How far the page can be scrolled sideways, px. */
const overflow = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
/** Chromium writes an error for an answer that is one on purpose: the page for unknown addresses. */
const isFault = (said: ConsoleMessage) => said.type() === 'error' && !/\/nowhere$/.test(said.location().url);
const HOSTILE = `"><img/src=x/onerror=window.hurt=1>`;

// `npm test` says in its last lines that these are skipped, and why.
// eslint-disable-next-line no-restricted-syntax
(chromiumMissing === null ? describe : describe.skip)('the console of npm start', () => {
  const browser = useBrowser();
  let start: ScriptRun;
  /** The address that `npm start` prints, with the tokens in its fragment. */
  let address: string;
  let upstream: SimulatorControl;
  /** What must not happen in any page: uncaught errors, errors in the browser's console, violations of the policy. */
  let faults: string[] = [];

  beforeAll(async () => {
    const pace = { POLL_INTERVAL_MS: '300', POLL_INTERVAL_MAX_MS: '1000' };
    start = new ScriptRun('start.mjs', { PORT: String(await freePort()), ...pace });
    address = await start.untilPrinted(/http:\S+#token=\S+/, START_MS);
    const [, simulator = ''] = /simulator at (http:\S+?)\/? \(/.exec(start.printed) ?? [];
    upstream = new SimulatorControl(simulator);
  }, START_MS);
  beforeEach(() => (faults = []));
  afterEach(async () => {
    await upstream.clearFaults();
    expect(faults).toEqual([]);
  });
  afterAll(() => start.kill());

  /** Opens a page with the tokens. @param path of the console, with a query */
  async function open(path = '/'): Promise<Page> {
    const page = await (await browser.profile()).newPage();
    page.on('pageerror', ({ message }) => faults.push(message));
    page.on('console', (said: ConsoleMessage) => isFault(said) && faults.push(said.text()));
    await page.addInitScript(() =>
      document.addEventListener('securitypolicyviolation', ({ violatedDirective: directive, blockedURI }) =>
        // eslint-disable-next-line no-console
        console.error(`policy violation: ${directive} ${blockedURI}`),
      ),
    );
    const url = new URL(address);
    await page.goto(`${url.origin}${path}${url.hash}`);
    return page;
  }

  /** Resolves when the history of the first ticket has a message. A client that connects after that gets it with the replay. */
  async function untilPublished(text: string): Promise<void> {
    const { origin, hash } = new URL(address);
    const headers = { authorization: `Bearer ${new URLSearchParams(hash.slice(1)).get('token')}` };
    const history = async () => (await fetch(`${origin}/v1/cases/demo-1/messages?limit=1000`, { headers })).text();
    await until(async () => (await history()).includes(text), SEEN_MS, `${text} to be published`);
  }

  const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
  const sees = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor({ timeout: SEEN_MS });
  const figure = async (page: Page, id: string) => Number(await page.locator(`[data-figure=${id}] dd`).innerText());

  it(
    'the first minutes of a newcomer: open, see, cut, resume, post, break, heal, and nothing is lost',
    async () => {
      const page = await open();
      expect(page.url()).not.toContain('token');
      await page.locator('.state.live').waitFor();
      await sees(page, /elastic IP|security group|ECS instance/);
      await sees(page, 'live from here');

      await button(page, 'Cut the network').click();
      await sees(page, 'There is no network.');
      await page.getByLabel('Message', { exact: true }).fill('written while the page was cut off');
      await button(page, 'Post').click();
      await sees(page, /on the way/);
      expect(await page.locator('article', { hasText: 'written while' }).count()).toBe(0);
      await untilPublished('written while the page was cut off');
      await button(page, 'Reconnect').click();
      await page.locator('article', { hasText: 'written while the page was cut off' }).waitFor();
      await sees(page, /caught up, nothing lost/);

      await button(page, 'Socket.IO').click();
      await page.locator('.state.live').waitFor();
      await button(page, 'Break the ticket system').click();
      await sees(page, /The ticket system does not answer \(upstream_unavailable\)/);
      await page.getByLabel('Message', { exact: true }).fill('written while the system was down');
      await button(page, 'Post 20').click();
      await button(page, 'Heal the ticket system').click();
      await page.locator('article', { hasText: 'written while the system was down (20)' }).waitFor();
      await page.locator('.state.live').waitFor();

      await button(page, 'Kill the worker').click();
      await sees(page, 'The worker was killed (SIGKILL). A new one starts.'); // The next action takes the line away.
      await page.getByLabel('Message', { exact: true }).fill('written after the worker was killed');
      await button(page, 'Post').click();
      await page.locator('article', { hasText: 'written after the worker was killed' }).waitFor();
      await until(async () => (await figure(page, 'arrived')) >= 22, SEEN_MS, 'every posted message to arrive');
      expect([await figure(page, 'missing'), await figure(page, 'doubled')]).toEqual([0, 0]);
    },
    TEST_MS,
  );

  it(
    'says in words that a right has ended, and that the gateway has closed the connection, and goes on',
    async () => {
      const page = await open();
      const streams: string[] = [];
      page.on('request', (request) => request.url().includes('/v1/events?') && streams.push(request.url()));
      await page.reload();
      await page.locator('.state.live').waitFor();
      const { origin, hash } = new URL(address);
      const bearer = (name: 'token' | 'admin') => ({
        authorization: `Bearer ${new URLSearchParams(hash.slice(1)).get(name)}`,
      });

      const revocation = await fetch(`${origin}/admin/revocations`, {
        method: 'POST',
        headers: { ...bearer('admin'), 'content-type': 'application/json' },
        body: JSON.stringify({ sub: 'demo', case_ids: ['demo-3'] }),
      });
      const { id } = (await revocation.json()) as { id: string };
      await sees(page, 'You may not read demo-3 any more.');
      await page.locator('.ticket', { hasText: 'demo-3' }).getByText('Refused').waitFor();
      await fetch(`${origin}/admin/revocations/${id}`, { method: 'DELETE', headers: bearer('admin') });

      // With as many connections as there may be, another one of the same client takes the place of this one.
      const taking = new AbortController();
      const connect = (url: string) => fetch(url, { headers: bearer('token'), signal: taking.signal });
      await Promise.all(Array.from({ length: CONNECTIONS_MAX }, () => connect(`${origin}/v1/events?case_ids=demo-1`)));
      await connect(streams.at(-1) ?? '');
      await sees(page, 'a newer one took the place of this one');
      taking.abort();
      await button(page, 'Try again').click();
      await page.locator('.state.live').waitFor();
    },
    TEST_MS,
  );

  it(
    'operations under a fault: what is wrong is said first, with the ticket that is refused, and what an operator did',
    async () => {
      const page = await open();
      await page.locator('.state.live').waitFor();
      const ops = await page.context().newPage();
      await ops.goto(`${new URL(address).origin}/ops${new URL(address).hash}`);
      const verdict = ops.locator('.verdict-card');
      await ops.locator('.verdict-card[data-tone=ok]').waitFor();
      await ops.locator('#workers-title').waitFor();

      const fault = await upstream.inject({ kind: 'status', status: 503 });
      await ops.locator('.verdict-card', { hasText: 'upstream_unavailable' }).waitFor();
      await ops.locator('.errors', { hasText: 'upstream_unavailable' }).waitFor();
      await upstream.clearFault(fault);
      await ops.locator('.verdict-card[data-tone=ok]').waitFor();

      const refused = await upstream.inject({ kind: 'refuse_case', case_ids: ['demo-3'] });
      await ops.locator('#quarantine-title ~ .table', { hasText: 'demo-3' }).waitFor();
      expect(await verdict.innerText()).toContain('quarantine');
      await sees(page, "The ticket system refuses demo-3 to Pollcast's account.");
      await upstream.clearFault(refused);
      await ops.getByRole('button', { name: 'Release: demo-3' }).click();
      await ops.locator('.verdict-card[data-tone=ok]').waitFor();

      await ops.getByRole('button', { name: /^Pause: / }).click();
      await ops.locator('.verdict-card', { hasText: 'is paused by an operator' }).waitFor();
      await ops.getByRole('button', { name: /^Resume: / }).click();
      await ops.locator('.verdict-card[data-tone=ok]').waitFor();
      await ops.getByPlaceholder('Ticket id').fill('demo-1');
      await ops.getByPlaceholder('Ticket id').press('Enter');
      await ops.locator('.story', { hasText: 'demo-1' }).waitFor();
      await ops.getByRole('button', { name: 'Poll now: demo-1' }).click();
      await sees(ops, 'Done.');
    },
    TEST_MS,
  );

  it(
    'axe finds nothing on any view, in both themes and both languages',
    async () => {
      const page = await open();
      await page.locator('article').first().waitFor();
      const found: string[] = [];
      const look = async (view: string) => {
        for (const theme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
          found.push(...(await axeViolations(page)).map((violation) => `${view}, ${theme}: ${violation}`));
        }
      };
      await look('conversations');
      await button(page, '中文').click();
      await look('对话');
      await page.goto(`${new URL(address).origin}/ops`);
      await page.locator('.verdict-card[data-tone=ok]').waitFor();
      await look('运维');
      await button(page, 'English').click();
      await look('operations');
      await button(page, 'Sign out').click();
      await look('sign in');
      // The answer is 404 on purpose, which the browser's console calls an error.
      await page.goto(`${new URL(address).origin}/nowhere`);
      await look('unknown address');
      expect(found).toEqual([]);
    },
    TEST_MS,
  );

  it(
    'the keyboard alone suffices, and a phone has room for everything',
    async () => {
      const page = await open();
      await page.locator('article').first().waitFor();
      await tabTo(page, 'Search or add a ticket');
      await page.keyboard.type('demo-2');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'demo-2' }).waitFor();
      await tabTo(page, 'Cut the network');
      await page.keyboard.press('Enter');
      await page.locator('.state.offline').waitFor();
      await page.keyboard.press('Enter');
      await page.locator('.state.live').waitFor();
      await tabTo(page, 'Resume from…');
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor();
      await page.keyboard.press('Enter');
      await sees(page, 'Resumed from a position.');
      await page.locator('.state.live').waitFor();

      await page.setViewportSize({ width: 390, height: 844 });
      expect(await overflow(page)).toBe(0);
      await button(page, 'All tickets').click();
      await page.locator('.ticket', { hasText: 'demo-1' }).click();
      await page.getByRole('heading', { name: 'demo-1' }).waitFor();
      expect(await overflow(page)).toBe(0);
      await page.goto(`${new URL(address).origin}/ops`);
      await page.locator('.verdict-card[data-tone=ok]').waitFor();
      expect(await overflow(page)).toBe(0);
    },
    TEST_MS,
  );

  it(
    'texts of strangers stay texts: every field of a message, the names of files, and a ticket id',
    async () => {
      const page = await open(`/?ticket=${encodeURIComponent(HOSTILE)}`);
      await page.locator('.state.live').waitFor();
      const file = { accessory_id: 'a', file_actual_name: HOSTILE };
      const names = { replier: HOSTILE, replier_name: HOSTILE, accessory_list: [file] };
      await upstream.post({ case_id: HOSTILE, content: `&lt;b&gt; javascript:alert(1) ${HOSTILE}`, ...names });
      const message = page.locator('article', { hasText: 'javascript:alert(1)' });
      await message.waitFor();
      expect(await message.locator('.name').innerText()).toBe(HOSTILE);
      expect(await message.locator('.attachments').innerText()).toContain(HOSTILE);
      expect(await page.locator('img').count()).toBe(0);
      await page.goto(`${new URL(address).origin}/ops`);
      await page.getByPlaceholder('Ticket id').fill(HOSTILE);
      await page.getByPlaceholder('Ticket id').press('Enter');
      await page.locator('.story', { hasText: HOSTILE }).waitFor();
      expect(await page.locator('img').count()).toBe(0);
      expect(await page.evaluate(() => 'hurt' in window)).toBe(false);
    },
    TEST_MS,
  );

  it(
    'a long conversation has a part of its messages in the page, and older ones come by scrolling up',
    async () => {
      const caseId = `long-${Date.now()}`;
      await upstream.post({ case_id: caseId, content: 'line {n}', count: 600, time_ms: Date.now() - 60_000 });
      const page = await open(`/?ticket=${caseId}`);
      const messages = page.getByRole('region', { name: `Messages of ${caseId}` });
      await messages.getByText('line 600', { exact: true }).waitFor();
      const oldest = messages.getByText('line 1', { exact: true });
      await until(
        async () => {
          await messages.evaluate((element) => (element.scrollTop = 0));
          return (await oldest.count()) > 0;
        },
        SEEN_MS,
        'the first of 600 messages',
      );
      expect(await messages.locator('article').count()).toBeLessThan(200);
      await upstream.post({ case_id: caseId, content: 'news for a reader who has scrolled away' });
      await button(page, '1 new message').click();
      await messages.getByText('news for a reader who has scrolled away').waitFor();
    },
    TEST_MS,
  );

  it(
    `somebody clicks, types and goes back at random for ${CLICK_SECONDS} s: no error is uncaught, and the console works after it`,
    async () => {
      const seed = Number(process.env['CLICK_SEED'] ?? randomInt(1_000_000));
      const page = await open();
      const again = () => page.goto('about:blank').then(() => page.goto(address));
      const person = new RandomPerson(page, seed, again);
      await person.useFor(CLICK_SECONDS * 1000);
      // The answers that a browser notes down are what was asked for: a ticket that nobody knows, for example.
      const uncaught = faults.splice(0).filter((fault) => !fault.startsWith('Failed to load resource'));
      expect({ CLICK_SEED: seed, steps: person.done.length, uncaught }).toMatchObject({ uncaught: [] });
      expect(person.done.length).toBeGreaterThan(CLICK_SECONDS);
      await upstream.clearFaults();
      await again();
      await sees(page, 'Live');
      faults = faults.filter((fault) => !fault.startsWith('Failed to load resource'));
    },
    TEST_MS + CLICK_SECONDS * 1000,
  );
});

/** Presses Tab until the element with this name has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      return element?.getAttribute('aria-label') ?? element?.textContent?.trim();
    });
    if (focused === name) return;
  }
  throw new Error(`Tab does not lead to ${name}`);
}
