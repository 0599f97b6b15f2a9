import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readOlder } from './older.js';

describe('what is older', () => {
  let server: Server;
  let url: string;
  const asked: string[] = [];
  const answers: [status: number, body: object][] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(`${request.url} ${request.headers.authorization}`);
      const [status, body] = answers.shift() ?? [500, {}];
      response.writeHead(status, { 'content-type': 'application/json', 'retry-after': '0' }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterAll(() => void server.close());
  beforeEach(() => void (asked.length = answers.length = 0));
  const source = () => ({ url, token: 'a token', groupId: 'G' });

  it('is read page by page, from an event on', async () => {
    const message = { id: '1', case_id: 'A/1', message: { content: 'x' }, sent_at: null, seen_at: '' };
    const status = { id: '2', case_id: 'A/1', status: 1, seen_at: '' };
    answers.push([
      200,
      {
        events: [
          { event: 'message', ...message },
          { event: 'status', ...status },
        ],
        before: '0-1',
      },
    ]);
    const page = await readOlder(source(), 'A/1', '3', 2);
    expect(page).toEqual({ messages: [message], statuses: [status], before: '0-1', hasGap: false });
    answers.push([200, { events: [{ event: 'gap', case_ids: ['A/1'], reason: 'history_truncated' }], before: null }]);
    expect(await readOlder(source(), 'A/1', '0-1')).toEqual({ messages: [], statuses: [], before: null, hasGap: true });
    expect(asked).toEqual([
      '/v1/cases/A%2F1/messages?before=3&limit=2&group_id=G Bearer a token',
      '/v1/cases/A%2F1/messages?before=0-1&limit=100&group_id=G Bearer a token',
    ]);
  });

  it('is asked for again while the gateway is busy, and not when it refuses', async () => {
    answers.push([503, {}], [200, { events: [] }], [403, {}]);
    expect((await readOlder(source(), 'A', '3')).before).toBeNull();
    await expect(readOlder(source(), 'A', '3')).rejects.toThrow('403');
    expect(asked).toHaveLength(3);
  });
});
