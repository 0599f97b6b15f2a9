import { WebSocket } from 'ws';
import { record } from '../../test/recording.js';
import { RunningGateway, token } from '../../test/running-gateway.js';
import { until } from '../../../../test/harness/until.js';

/** Separator of two Engine.IO packets. */
const PACKET_END = '\u001e';

/**
 * After `closing` a connection ends as if the network failed: after a close packet, some clients never connect again.
 */
describe('after closing', () => {
  const gateways: RunningGateway[] = [];
  afterAll(() => Promise.all(gateways.map((gateway) => gateway.stop())));

  async function start(env: Record<string, string> = {}): Promise<RunningGateway> {
    const gateway = await RunningGateway.start(env);
    gateways.push(gateway);
    return gateway;
  }

  it('a WebSocket ends without a Close frame, when the last byte is sent', async () => {
    const gateway = await start({ DRAIN_MS: '200' });
    const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
    const texts: string[] = [];
    let closed: [code: number, reason: string] | null = null;
    socket.on('message', (data: Buffer) => texts.push(data.toString()));
    socket.on('close', (code, reason) => (closed = [code, reason.toString()]));
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send(`40{"token":"${await token()}"}`);
    await until(() => texts.some((text) => text.startsWith('40')));
    socket.send('421["subscribe",{"case_ids":["A1"]}]');
    await until(() => texts.some((text) => text.startsWith('431')));
    for (let count = 0; count < 50; count += 1) await gateway.store.publish('A1', `${count} ${'x'.repeat(50_000)}`);
    // The connection closes during its replay or after it.
    socket.send('422["subscribe",{"case_ids":["A1"],"history":1000}]');
    const stopped = gateway.program.stop();
    await until(() => closed !== null);
    await stopped;
    // A client reports 1006 if a connection ended without a Close frame.
    expect(closed).toEqual([1006, '']);
    const [last] = texts.filter((text) => text.startsWith('42["closing"'));
    expect(JSON.parse(last?.slice(2) ?? '')).toEqual(['closing', { reason: 'draining', retry_ms: expect.any(Number) }]);
    expect(texts.filter((text) => text.includes('"message"')).length).toBeGreaterThanOrEqual(50);
  });

  // Both wait for the end of a token.
  it.concurrent.each([
    ['a poll that waits', true],
    ['the poll that comes', false],
  ])('long polling tells %s, and knows the session no more; no packet says goodbye', async (_what, isWaiting) => {
    const gateway = await start();
    const at = `${gateway.url}/socket.io/?EIO=4&transport=polling`;
    const open = await (await fetch(at)).text();
    const { sid } = JSON.parse(open.slice(1)) as { sid: string };
    const poll = async () => {
      const answer = await fetch(`${at}&sid=${sid}`);
      return { status: answer.status, text: await answer.text() };
    };
    const lives = await token({}, 2);
    expect((await fetch(`${at}&sid=${sid}`, { method: 'POST', body: `40{"token":"${lives}"}` })).status).toBe(200);
    expect((await poll()).text).toMatch(/^40/);
    if (!isWaiting) await new Promise((resolve) => setTimeout(resolve, 3200));
    const told = await poll();
    expect(told).toEqual({ status: 200, text: expect.stringMatching(/^42\["closing",\{/) });
    expect(told.text.split(PACKET_END)).toHaveLength(1);
    expect(await poll()).toEqual({ status: 400, text: expect.stringContaining('Session ID unknown') });
  });

  it('a long poll that did not get closing is cut and not answered with a close packet', async () => {
    const gateway = await start({ DRAIN_MS: '0' });
    const socket = await gateway.connect({ token: await token() }, { transports: ['polling'] });
    const events = record(socket);
    const ended = new Promise((resolve) => socket.once('disconnect', resolve));
    const packets: string[] = [];
    socket.io.engine.on('packet', ({ type }) => packets.push(type));
    await gateway.program.stop();
    // After both of them the official client connects again by itself.
    expect(['transport error', 'transport close']).toContain(await ended);
    expect(packets).not.toContain('close');
    expect(events.length).toBeLessThanOrEqual(1);
  });
});
