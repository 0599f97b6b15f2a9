import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { until } from '../../../../test/harness/until.js';
import { RunningGateway, token } from '../../test/running-gateway.js';

/** Every open socket has an end: it is served and counted, or it is cut. */
describe('a socket that is not served any more', () => {
  let gateway: RunningGateway;
  beforeEach(async () => void (gateway = await RunningGateway.start()));
  afterEach(() => gateway.stop());

  const open = () => new Promise<number>((resolve) => gateway.server.getConnections((_, count) => resolve(count)));

  /** A WebSocket that has connected to the namespace, and what it got. */
  async function connected() {
    const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
    const texts: string[] = [];
    let closed = false;
    socket.on('message', (data: Buffer) => texts.push(data.toString()));
    socket.on('close', () => (closed = true)).on('error', () => undefined);
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send(`40{"token":"${await token()}"}`);
    await until(() => texts.some((text) => text.startsWith('40')));
    return { socket, texts, isClosed: () => closed };
  }

  it('because its client left the namespace is cut, and cannot connect again: WebSocket', async () => {
    const { socket, texts, isClosed } = await connected();
    socket.send('41');
    socket.send(`40{"token":"${await token()}"}`);
    await until(isClosed);
    expect(texts.filter((text) => text.startsWith('40'))).toHaveLength(1);
    expect(await open()).toBe(0);
  });

  it('because its client broke the protocol is cut', async () => {
    const { socket, isClosed } = await connected();
    const { _socket: tcp } = socket as unknown as { _socket: { pause(): void; resume(): void } };
    socket.send(`40{"token":"${await token()}"}`);
    tcp.pause(); // It does not read the Close frame.
    await until(async () => (await open()) === 0);
    tcp.resume();
    await until(isClosed);
  });

  it('because its client left the namespace is cut: long polling', async () => {
    const at = `${gateway.url}/socket.io/?EIO=4&transport=polling`;
    const { sid } = JSON.parse((await (await fetch(at)).text()).slice(1)) as { sid: string };
    const post = async (body: string) => (await fetch(`${at}&sid=${sid}`, { method: 'POST', body })).status;
    expect(await post(`40{"token":"${await token()}"}`)).toBe(200);
    expect(await (await fetch(`${at}&sid=${sid}`)).text()).toMatch(/^40/);
    await post('41').catch(() => undefined);
    expect((await fetch(`${at}&sid=${sid}`)).status).toBe(400);
  });

  it('because its handshake was refused is cut, also if its client keeps its side open', async () => {
    const socket = connect({ port: Number(new URL(gateway.url).port), host: '127.0.0.1', allowHalfOpen: true });
    let text = '';
    socket.on('data', (data) => (text += data.toString('latin1'))).on('error', () => undefined);
    socket.write(
      'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nOrigin: https://evil.example\r\n' +
        'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    await until(() => text.startsWith('HTTP/1.1 403'));
    expect(await open()).toBe(1);
    await until(async () => (await open()) === 0, 7000);
    socket.destroy();
  }, 15_000);
});
