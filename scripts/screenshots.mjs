/* global WritableStream */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { launchChromium } from './chromium.mjs';
import { cache, root } from './repository.mjs';
import { runDemo } from './run-demo.mjs';

/**
 * `npm run screenshots`: takes the pictures of README.md from the console of a running demo, in both themes, with its real
 * traffic: messages, clients of the same tickets, and an upstream that fails for some seconds.
 */
const FOLDER = join(root, 'docs/images');
const SIZE = { width: 1360, height: 850 };
const CLIENTS = 12;
const THEMES = ['light', 'dark'];

let finish;
const done = new Promise((resolve) => (finish = resolve));
await runDemo({
  logs: cache('screenshots'),
  whenReady: ({ demo, fail }) => take(demo).then(finish, fail),
  until: done,
});

async function take(demo) {
  mkdirSync(FOLDER, { recursive: true });
  const browser = await launchChromium();
  const { origin, hash } = new URL(demo.address);
  const token = new URLSearchParams(hash.slice(1)).get('token');
  const clients = Array.from({ length: CLIENTS }, () => follow(origin, token));
  const context = await browser.newContext({
    viewport: SIZE,
    locale: 'en-US',
    colorScheme: 'light',
    reducedMotion: 'reduce',
  });
  const [page, ops] = [await context.newPage(), await context.newPage()];
  await page.goto(`${origin}/${hash}`);
  await ops.goto(`${origin}/ops${hash}`);
  const press = (name) => page.getByRole('button', { name, exact: true }).click();
  await page.getByText('live from here').first().waitFor();
  await sleep(14_000);
  await press('Break the ticket system');
  await sleep(8_000);
  await press('Heal the ticket system');
  await page.locator('.state.live').waitFor();
  await post(
    page,
    'third-party',
    'Vendor here: firmware 4.2 fixes the resets. Release notes are attached to the case.',
  );
  await sleep(20_000);
  await picture(page, 'conversations');
  await picture(ops, 'operations');
  clients.forEach((client) => client.abort());
  await browser.close();
  console.log(`The pictures are in ${FOLDER}`);
}

/** One more client of the same tickets. */
function follow(origin, token) {
  const end = new AbortController();
  const headers = { authorization: `Bearer ${token}` };
  fetch(`${origin}/v1/events?case_ids=demo-1,demo-2,demo-3`, { headers, signal: end.signal })
    .then(({ body }) => body.pipeTo(new WritableStream(), { signal: end.signal }))
    .catch(() => undefined);
  return end;
}

async function post(page, role, content) {
  await page.getByLabel('As').selectOption(role);
  await page.getByLabel('Message', { exact: true }).fill(content);
  await page.getByRole('button', { name: 'Post', exact: true }).click();
}

async function picture(page, name) {
  await page.bringToFront();
  for (const colorScheme of THEMES) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await sleep(2500); // Charts take their colours with the next figures.
    await page.screenshot({ path: join(FOLDER, `${name}-${colorScheme}.png`) });
  }
}
