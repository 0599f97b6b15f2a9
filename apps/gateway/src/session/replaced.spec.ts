import { SilentPeer } from '../../../../test/harness/clients/silent-peer.js';
import { until } from '../../../../test/harness/until.js';
import { RunningGateway, token } from '../../test/running-gateway.js';
import { TestStore } from '../../test/test-store.js';
import { MemoryConnectionCounts } from '../../test/memory-connection-counts.js';

const TEST_MS = 15_000;
const EVENTS = '/v1/events?case_ids=A1';
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * A subject that has as many connections as it may have, and opens another one. It takes seconds until a client counts as gone,
 * so those tests run at once, each with its own gateways.
 */
describe('a connection too many', () => {
  const gateways: RunningGateway[] = [];
  const peers: SilentPeer[] = [];
  afterAll(async () => {
    await Promise.all(peers.splice(0).map((peer) => peer.kill()));
    await Promise.all(gateways.splice(0).map((gateway) => gateway.stop()));
  });

  async function start(most: number, store = new TestStore()): Promise<RunningGateway> {
    const gateway = await RunningGateway.start({ MAX_CONNECTIONS_PER_SUBJECT: String(most), DRAIN_MS: '0' }, store);
    gateways.push(gateway);
    return gateway;
  }

  const portOf = ({ url }: RunningGateway) => Number(new URL(url).port);

  /** An event stream of alice, by a client that can vanish. */
  async function stream(gateway: RunningGateway): Promise<SilentPeer> {
    const head = `GET ${EVENTS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${await token()}\r\n\r\n`;
    const peer = await SilentPeer.open(portOf(gateway), head);
    peers.push(peer);
    await until(() => peer.text.includes('event: ready'));
    return peer;
  }

  it.concurrent(
    'A9: takes the place of streams whose clients are gone, within seconds, and the others stay',
    async () => {
      const gateway = await start(3);
      const gone = [await stream(gateway), await stream(gateway)];
      const live = await gateway.read(EVENTS);
      await Promise.all(gone.map((peer) => peer.vanish()));
      const startedAt = performance.now();
      const next = await gateway.read(EVENTS);
      expect(next.response.statusCode).toBe(200);
      expect(performance.now() - startedAt).toBeLessThan(5000);
      // Both were found, so there is room for another one at once.
      expect((await gateway.read(EVENTS)).response.statusCode).toBe(200);
      await gateway.store.publish('A1', 'news');
      await until(() => live.contents().length === 1 && next.contents().length === 1);
      expect(live.has('closing')).toBe(false);
    },
    TEST_MS,
  );

  it.concurrent(
    'A9: takes the place of a WebSocket whose client is gone',
    async () => {
      const gateway = await start(1);
      const peer = await SilentPeer.open(
        portOf(gateway),
        'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
          `Authorization: Bearer ${await token()}\r\nSec-WebSocket-Version: 13\r\n` +
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
        '\x81\x82\0\0\0\x0040', // `40`, masked with zeros.
      );
      peers.push(peer);
      await until(() => /40\{"sid"/.test(peer.text));
      await peer.vanish();
      const socket = await gateway.connect({ token: await token() });
      expect(socket.connected).toBe(true);
    },
    TEST_MS,
  );

  it.concurrent(
    'A9: takes the place of a stream whose client is gone at another gateway',
    async () => {
      const counts = new MemoryConnectionCounts();
      const [here, there] = [
        await start(1, new TestStore(counts.gateway())),
        await start(1, new TestStore(counts.gateway())),
      ];
      const gone = await stream(there);
      await gone.vanish();
      // On a busy machine the other gateway may hear of it too late for the first try.
      await until(async () => (await here.read(EVENTS)).response.statusCode === 200, 10_000);
    },
    TEST_MS,
  );

  it('A9 X1: is refused at once where the others are there, which stay', async () => {
    const gateway = await start(2);
    const streams = [await gateway.read(EVENTS), await gateway.read(EVENTS)];
    const startedAt = performance.now();
    const refused = await gateway.read(EVENTS);
    expect(refused.response.statusCode).toBe(429);
    expect(refused.response.headers['retry-after']).toBe('5');
    expect(performance.now() - startedAt).toBeLessThan(1500);
    await expect(gateway.connect({ token: await token() })).rejects.toMatchObject({
      data: { code: 'too_many', retry_ms: 5000 },
    });
    const bob = { authorization: `Bearer ${await token({ sub: 'bob' })}` };
    expect((await gateway.read(EVENTS, bob)).response.statusCode).toBe(200);
    expect(streams.map((each) => each.ended || each.has('closing'))).toEqual([false, false]);
  });

  it.concurrent(
    'A9: does not take the place of a stream whose client only does not read',
    async () => {
      const gateway = await start(1);
      const peer = await stream(gateway);
      peer.freeze();
      const content = 'x'.repeat(900_000);
      for (let count = 0; count < 6; count += 1) await gateway.store.publish('A1', content);
      await wait(500);
      expect((await gateway.read(EVENTS)).response.statusCode).toBe(429);
      expect(peer.isConnected).toBe(true);
    },
    TEST_MS,
  );

  it('A9 E10: takes the place of the one of the same client, which hears it', async () => {
    const gateway = await start(2);
    const before = await gateway.read(`${EVENTS}&client_id=phone`);
    const other = await gateway.connect({ token: await token(), client_id: 'tab' });
    const after = await gateway.read(`${EVENTS}&client_id=phone`);
    expect(after.response.statusCode).toBe(200);
    await before.whole();
    expect(before.events.at(-1)).toMatchObject({ event: 'closing', data: { reason: 'replaced' } });
    const closing = new Promise((resolve) => other.once('closing', resolve));
    await gateway.connect({ token: await token(), client_id: 'tab' });
    expect(await closing).toEqual({ reason: 'replaced', retry_ms: expect.any(Number) });
    await until(() => !other.connected);
  });

  it('A9: takes the place of the one of the same client at another gateway', async () => {
    const counts = new MemoryConnectionCounts();
    const [here, there] = [
      await start(1, new TestStore(counts.gateway())),
      await start(1, new TestStore(counts.gateway())),
    ];
    const before = await there.read(`${EVENTS}&client_id=phone`);
    const bob = { authorization: `Bearer ${await token({ sub: 'bob' })}` };
    const foreign = await there.read(`${EVENTS}&client_id=phone`, bob);
    expect((await here.read(`${EVENTS}&client_id=phone`)).response.statusCode).toBe(200);
    await before.whole();
    expect(before.events.at(-1)).toMatchObject({ event: 'closing', data: { reason: 'replaced' } });
    expect(foreign.ended).toBe(false);
  });

  it.each(['ü', 'x'.repeat(65)])('is refused with a client_id that cannot be one: %j', async (clientId) => {
    const gateway = await start(1);
    const path = `${EVENTS}&client_id=${encodeURIComponent(clientId)}`;
    expect((await gateway.read(path)).response.statusCode).toBe(400);
    await expect(gateway.connect({ token: await token(), client_id: clientId })).rejects.toMatchObject({
      data: { code: 'invalid' },
    });
  });
});
