import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { until } from '../../../../test/harness/until.js';
import { answerTaken } from './answer-taken.js';

/** More than the buffers of the system take. */
const LARGE = Buffer.alloc(32_000_000, 'x');
const STANDSTILL_MS = 300;
/** A slow reader takes two seconds, and much longer on a busy machine, ms. */
const SLOWLY_MS = 40_000;

describe('an answer', () => {
  let server: Server;
  let client: Socket;
  let taken = 0;
  let received = 0;
  beforeEach(async () => {
    [taken, received] = [0, 0];
    server = createServer((request, response) => {
      void answerTaken(request, response, STANDSTILL_MS).then(() => (taken += 1));
      response.end(request.url === '/large' ? LARGE : 'small');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.on('data', ({ length }) => (received += length)).on('error', () => undefined);
  });
  afterEach(() => {
    client.destroy();
    server.close();
  });

  const ask = (...paths: string[]) =>
    client.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''));

  it('is taken when it has left, and the connection stays', async () => {
    ask('/small', '/small');
    await until(() => taken === 2);
    await new Promise((resolve) => setTimeout(resolve, 2 * STANDSTILL_MS));
    ask('/small');
    await until(() => taken === 3);
  });

  it('is not taken by a client that does not read, whose connection ends', async () => {
    client.pause();
    ask('/large', '/small');
    await new Promise((resolve) => setTimeout(resolve, STANDSTILL_MS / 2));
    expect(taken).toBe(0);
    await until(() => taken === 2);
    client.resume();
    await until(() => client.destroyed);
    expect(received).toBeLessThan(LARGE.length);
  });

  it(
    'is waited for while its client reads, however slowly',
    async () => {
      const begun = performance.now();
      client.on('data', () => {
        client.pause();
        setTimeout(() => client.resume(), 2);
      });
      ask('/large');
      await until(() => taken === 1, SLOWLY_MS);
      expect(performance.now() - begun).toBeGreaterThan(2 * STANDSTILL_MS);
      await until(() => received > LARGE.length, SLOWLY_MS);
    },
    2 * SLOWLY_MS,
  );

  it('counts as taken when its client leaves', async () => {
    client.pause();
    ask('/large', '/small');
    await new Promise((resolve) => setTimeout(resolve, 50));
    client.destroy();
    await until(() => taken === 2);
  });
});
