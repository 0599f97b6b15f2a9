import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger, SampledLines } from '#ops';
import { until } from '../../../../test/harness/until.js';
import { RefusalLog } from '../edge/refusal-log.js';
import { ProblemFilter } from '../http/problem.filter.js';
import { AdminCallers } from './admin-callers.js';
import { AdminGate } from './admin-gate.js';

const SECRET = 'an-admin-token-of-32-characters!';
const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

describe('the gate of /admin', () => {
  let server: Server;
  let lines: string[];
  const sockets = { authenticated: jest.fn() };
  async function serve(...entries: string[]): Promise<string> {
    lines = [];
    const logger = createLogger('test', 'info', { write: (line: string) => void lines.push(line) });
    const nothing = () => undefined;
    const refusals = new RefusalLog({ metrics: { refused: nothing }, lines: { say: nothing }, onError: nothing });
    const callers = new AdminCallers(entries);
    const sampled = new SampledLines(logger, 60_000);
    const gate = new AdminGate({ callers, problems: new ProblemFilter(refusals), sockets, logger, lines: sampled });
    server = createServer((request, response) => {
      gate.pass(request, response, () => response.end(gate.callerOf(request)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/admin/cases/A1`;
  }
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  it.each([
    ['the name of its secret', [`ops:${SECRET}`], { authorization: `Bearer ${SECRET}` }, 'ops'],
    ['no other name', [`ops:${SECRET}`], { authorization: `Bearer ${SECRET}`, 'x-admin-caller': 'eve' }, 'ops'],
    ['the name that it gives', [SECRET], { authorization: `Bearer ${SECRET}`, 'x-admin-caller': 'kim' }, 'kim'],
    ['its user name', [SECRET], { authorization: basic('kim', SECRET) }, 'kim'],
    ['a name that fits in a line', [SECRET], { authorization: basic('a b\t', SECRET) }, 'admin'],
    [
      'the name of the second secret',
      [`ops:${SECRET}`, `kim:${SECRET}2`],
      { authorization: `bearer ${SECRET}2` },
      'kim',
    ],
  ])('calls a caller by %s', async (_what, entries, headers, name) => {
    const url = await serve(...entries);
    const response = await fetch(`${url}?access_token=${SECRET}`, { headers: headers as Record<string, string> });
    expect([response.status, await response.text()]).toEqual([200, name]);
    await until(() => lines.length === 1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      part: 'admin',
      caller: name,
      method: 'GET',
      path: '/admin/cases/A1',
      status: 200,
    });
    expect(lines.join()).not.toContain(SECRET);
    expect(sockets.authenticated).toHaveBeenCalled();
  });

  it('writes one line for any number of wrong secrets, and asks a browser for one', async () => {
    const url = await serve(SECRET);
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const response = await fetch(url, { headers: { authorization: basic('kim', 'wrong') } });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer, Basic realm="pollcast", charset="UTF-8"');
    }
    expect(lines).toHaveLength(1);
  });

  it('believes no password that a page of another site made a browser send', async () => {
    const url = await serve(SECRET);
    const headers = { authorization: basic('kim', SECRET), 'sec-fetch-site': 'cross-site' };
    expect((await fetch(url, { headers })).status).toBe(403);
  });
});
