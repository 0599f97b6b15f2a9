import { useBrowser } from './fixtures/use-browser.js';
import { useDeployment } from './fixtures/use-deployment.js';
import { chromiumMissing } from './harness/browser.js';

// `npm test` says in its last lines that these are skipped, and why.
// eslint-disable-next-line no-restricted-syntax
(chromiumMissing === null ? describe : describe.skip)('pages in a real Chromium', () => {
  const deployment = useDeployment();
  const browser = useBrowser();

  it('a page of the gateway is shown', async () => {
    const page = await browser.open(`${deployment.gateway().url}/health/ready`);
    expect(await page.evaluate(() => document.body.textContent)).toContain('ok');
  });
});
