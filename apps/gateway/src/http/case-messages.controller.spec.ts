import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PageWant, TicketPage } from '#core';
import { rawHttp } from '../../../../test/harness/clients/raw-http.js';
import { until } from '../../../../test/harness/until.js';
import { RunningGateway, token } from '../../test/running-gateway.js';

const PATH = '/v1/cases/A1/messages';
/** `RUNNING_MAX` of subject-reads.ts. */
const RUNNING = 4;
/** `PIPELINED_MAX` of pipeline-rule.ts, and the request that is answered. */
const PIPELINED = 17;

describe('reads of history', () => {
  let gateway: RunningGateway;
  let asked: PageWant[];
  /** Lets the store answer; until then its reads are held up. */
  let release: () => void;
  beforeEach(async () => {
    gateway = await RunningGateway.start();
    for (let count = 0; count < 5; count += 1) await gateway.store.publish('A1');
    asked = [];
    const { broker } = gateway.store;
    const page = broker.page.bind(broker);
    const held = new Promise<void>((resolve) => (release = resolve));
    jest.spyOn(broker, 'page').mockImplementation(async (feed, want): Promise<TicketPage> => {
      asked.push(want);
      await held;
      return page(feed, want);
    });
  });
  afterEach(() => gateway.stop());

  const port = () => Number(new URL(gateway.url).port);
  const request = (path: string, jwt: string, more = '') =>
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${jwt}\r\n${more}\r\n`;
  const statusesOf = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
  const count = (statuses: number[], status: number) => statuses.filter((each) => each === status).length;

  async function read(claims: object = {}): Promise<{ status: number; retryAfter: string | null; code?: string }> {
    const headers = { authorization: `Bearer ${await token(claims)}` };
    const answer = await fetch(`${gateway.url}${PATH}`, { headers });
    const retryAfter = answer.headers.get('retry-after');
    return { status: answer.status, retryAfter, ...((await answer.json()) as object) };
  }

  /** Sends requests ahead of their answers. */
  async function pipeline(requests: number, jwt: string): Promise<Socket> {
    const socket = connect(port(), '127.0.0.1').on('error', () => undefined);
    socket.write(request(PATH, jwt).repeat(requests));
    await until(() => asked.length >= RUNNING);
    return socket;
  }

  it('ask the store for as much as is wanted, and for no more', async () => {
    release();
    const first = await gateway.read(`${PATH}?limit=1`);
    const { last_event_id: after } = JSON.parse((await first.whole()).text);
    const last = await gateway.read(`${PATH}?limit=3&after=${after}`);
    expect(JSON.parse((await last.whole()).text)).toMatchObject({ events: { length: 3 }, more: true });
    const epoch = expect.any(String);
    expect(asked).toEqual([
      { caseId: 'A1', after: null, limit: 1 },
      { caseId: 'A1', after: { epoch, offset: 1 }, limit: 3 },
    ]);
  });

  it('H6: of one subject wait for each other, and not for those of other subjects', async () => {
    const mine = Array.from({ length: RUNNING + 3 }, () => read());
    await until(() => asked.length === RUNNING);
    const other = read({ sub: 'bob' });
    await until(() => asked.length === RUNNING + 1);
    await sleep(100);
    expect(asked).toHaveLength(RUNNING + 1);
    release();
    expect((await Promise.all([...mine, other])).map(({ status }) => status)).toEqual(Array(RUNNING + 4).fill(200));
    expect(asked).toHaveLength(RUNNING + 4);
  });

  it('H6: are too many beyond those that may wait, with the time to come back', async () => {
    const jwt = await token();
    const sockets = await Promise.all(Array.from({ length: 4 }, () => pipeline(16, jwt)));
    await until(async () => {
      const answer = await Promise.race([read(), sleep(200, null)]);
      return answer?.status === 429 && answer.code === 'too_many' && answer.retryAfter === '1';
    });
    expect((await Promise.race([read({ sub: 'bob' }), until(() => asked.length > RUNNING)])) as unknown).toBe(true);
    // Those of clients that have left make room.
    sockets.forEach((socket) => socket.destroy());
    await sleep(100);
    const late = read();
    await sleep(100);
    release();
    expect((await late).status).toBe(200);
  });

  it('H6: are not begun for a client that has left', async () => {
    const socket = await pipeline(PIPELINED, await token());
    socket.destroy();
    await sleep(100);
    release();
    expect((await read()).status).toBe(200);
    expect(asked).toHaveLength(RUNNING + 1);
  });

  it('H6: are not begun for a client that sends no more and waits for nothing', async () => {
    const socket = await pipeline(PIPELINED, await token());
    socket.end();
    await sleep(100);
    release();
    expect((await read()).status).toBe(200);
    expect(asked).toHaveLength(RUNNING + 1);
  });

  it('H6: whose answers are not taken keep their turn, until their connection ends', async () => {
    release();
    await gateway.store.publish('A1', 'x'.repeat(16_000_000)); // More than the buffers of the system take.
    const socket = await pipeline(PIPELINED, await token());
    socket.pause();
    await sleep(300);
    expect(asked.length).toBeLessThan(2 * RUNNING);
    socket.destroy();
    expect((await read()).status).toBe(200);
  });

  it('X8: 300 requests that are sent at once are not all served: the connection ends after the first refusal', async () => {
    release();
    const jwt = await token();
    const statuses = statusesOf(await rawHttp(port(), request(PATH, jwt).repeat(300)));
    expect([count(statuses, 200), count(statuses, 429), statuses.length]).toEqual([PIPELINED, 1, PIPELINED + 1]);
    expect(asked).toHaveLength(PIPELINED);
  });

  it('X8: as many as may wait are answered in order, again and again', async () => {
    release();
    const jwt = await token();
    const socket = connect(port(), '127.0.0.1');
    let text = '';
    socket.setEncoding('utf8').on('data', (part: string) => (text += part));
    for (let round = 1; round <= 3; round += 1) {
      socket.write(request(PATH, jwt).repeat(PIPELINED));
      await until(() => statusesOf(text).length === round * PIPELINED);
    }
    socket.destroy();
    expect(count(statusesOf(text), 200)).toBe(3 * PIPELINED);
  });
});
