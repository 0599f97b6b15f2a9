import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Deadline } from '../edge/deadline.js';
import { KEYS_TIMEOUT_MS, KeySetUrl } from './key-set-url.js';

describe('the URL of published keys', () => {
  it('is waited for no longer than a request has time, so that there is some left for its answer', () => {
    expect(KEYS_TIMEOUT_MS).toBeLessThanOrEqual(0.9 * new Deadline().leftMs);
  });

  it('is asked for by path and query, with the name of this program', async () => {
    const asked: unknown[] = [];
    const listing = createServer(({ url, headers }, response) => {
      asked.push([url, headers['user-agent']]);
      response.end('{"keys":[]}');
    });
    await new Promise<void>((resolve) => listing.listen(0, '127.0.0.1', resolve));
    const { port } = listing.address() as AddressInfo;
    const at = `http://127.0.0.1:${port}/tenant/keys?p=a%20b`;
    const url = new KeySetUrl(at, { httpProxy: '', httpsProxy: '', noProxy: '' }, 'pollcast/test');
    await url.fetch();
    await url.close();
    expect(asked).toEqual([['/tenant/keys?p=a%20b', 'pollcast/test']]);
    listing.closeAllConnections();
    listing.close();
  });
});
