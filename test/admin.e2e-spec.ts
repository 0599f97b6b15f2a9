import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { exampleRequests } from './fixtures/described-examples.js';
import { useDeployment } from './fixtures/use-deployment.js';
import { clientOf } from './harness/clients/clients.js';
import { exchange } from './harness/clients/exchange.js';
import { tokenFor } from './harness/clients/tokens.js';
import { CONFIDENTIAL, UPSTREAM_TOKEN } from './harness/log-faults.js';
import { ROOT } from './harness/processes/repository.js';
import { freshTickets } from './harness/upstream/traffic.js';
import { until } from './harness/until.js';

/** One of the secrets that no line may hold. */
const SECRET = UPSTREAM_TOKEN;
const run = promisify(execFile);

/** What operators see and do: two gateways, one worker, everything through the second gateway. */
describe('/admin', () => {
  const deployment = useDeployment({ gateways: 2, settings: { ADMIN_TOKEN: `kim:${SECRET}` } });

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- parsed JSON: a wrong guess fails its test
  async function ask(path: string, method = 'GET', body?: object): Promise<{ status: number; body: any }> {
    const { status, text } = await exchange(`${deployment.gateway(1).url}/admin/${path}`, {
      method,
      headers: { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status, body: text === '' ? null : (JSON.parse(text) as unknown) };
  }
  const look = async (caseId: string) => (await ask(`cases/${caseId}`)).body;
  async function subscribed(claims: object = {}) {
    const [caseId = ''] = freshTickets(1, 'admin');
    const client = clientOf('websocket', { token: await tokenFor({ ...claims }), caseIds: [caseId] });
    await client.open(deployment.gateway(0).url);
    return { caseId, client };
  }
  const why = (...args: string[]) =>
    run(process.execPath, [join(ROOT, 'scripts/pollcast.mjs'), 'why', ...args], {
      env: { POLLCAST_URL: deployment.gateway(1).url, ADMIN_TOKEN: `kim:${SECRET}` },
    });

  it('says that a ticket is live: who wants it where, which worker polls it, and when', async () => {
    const { caseId, client } = await subscribed();
    await deployment.upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} news` });
    await client.recording.count(1);
    const answer = await until(async () => {
      const seen = await look(caseId);
      return seen.live && seen.feeds[0].set.worker !== null ? seen : null;
    });
    const [feed] = answer.feeds;
    const { workers } = (await ask('workers')).body;
    const { gateways } = (await ask('gateways')).body;
    expect(workers).toMatchObject([{ state: 'polling', log_level: 'info' }]);
    expect(gateways).toHaveLength(2);
    expect(feed).toMatchObject({
      feed: 'zh-cn',
      state: 'live',
      wanted: { clients: 1, gateways: [{ clients: 1 }] },
      set: { worker: workers[0].process, failures: 0 },
      last_error: null,
      quarantine: null,
      last_publication: { kind: expect.stringMatching(/message|status/) as string },
      paused_at: null,
    });
    expect(gateways.map(({ process }: { process: string }) => process)).toContain(feed.wanted.gateways[0].gateway);
    expect(Date.now() - Date.parse(feed.last_answer_at)).toBeLessThan(5000);
    expect(Math.abs(Date.parse(feed.next_poll_at) - Date.now())).toBeLessThan(5000);
    expect(feed.cursor.age_s).toBeGreaterThanOrEqual(0);
    expect(JSON.stringify(answer)).not.toContain(CONFIDENTIAL);
    const { stdout } = await why(caseId);
    expect(stdout).toContain(
      `${caseId} (language zh-cn): 1 client wants it, at ${feed.wanted.gateways[0].gateway} (1).`,
    );
    expect(stdout).toMatch(/^It is live: the upstream answered \d+(\.\d)? s ago\. The next poll is due /m);
    client.close();
  });

  it('says that nobody wants a ticket', async () => {
    const [caseId = ''] = freshTickets(1, 'unwanted');
    expect(await look(caseId)).toMatchObject({ live: false, feeds: [], silent_processes: 0 });
    expect((await why(caseId)).stdout).toContain('because no client wants it');
    expect((await ask(`cases/${caseId}/poll`, 'POST')).status).toBe(404);
  });

  it('pauses a feed, and lets it go on without a loss', async () => {
    const { caseId, client } = await subscribed();
    expect((await ask('feeds/zh-cn/pause', 'POST')).status).toBe(201);
    expect((await ask('feeds/nowhere/pause', 'POST')).status).toBe(404);
    const { upstream } = deployment;
    await until(async () => {
      const { requests } = await upstream.counters();
      await new Promise((resolve) => setTimeout(resolve, 500));
      return (await upstream.counters()).requests === requests;
    }, 10_000);
    await upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} meanwhile` });
    const seen = await look(caseId);
    expect(seen).toMatchObject({ live: false, feeds: [{ state: 'paused', next_poll_at: null }] });
    expect((await ask('feeds')).body.feeds).toMatchObject([{ feed: 'zh-cn', paused_at: seen.feeds[0].paused_at }]);
    expect(client.recording.contents).toEqual([]);
    await ask('feeds/zh-cn/resume', 'POST');
    await client.recording.count(1);
    client.close();
  });

  it('says why a ticket is in quarantine, and releases it', async () => {
    const { upstream } = deployment;
    const [good, bad] = [await subscribed(), await subscribed()];
    const fault = await upstream.inject({ kind: 'refuse_case', as: '403', case_ids: [bad.caseId] });
    const seen = await until(async () => {
      const answer = await look(bad.caseId);
      return answer.feeds[0]?.state === 'quarantined' ? answer : null;
    }, 20_000);
    expect(seen.feeds[0].quarantine).toMatchObject({ refusals: 1, reason: 'upstream_refused' });
    expect(Date.parse(seen.feeds[0].quarantine.until) - Date.now()).toBeGreaterThan(30_000);
    expect(seen.why.join(' ')).toContain('because the upstream refuses it to the account (1 times in a row)');
    await upstream.clearFault(fault);
    expect((await ask(`cases/${good.caseId}/release`, 'POST')).status).toBe(404);
    expect((await ask(`cases/${bad.caseId}/release`, 'POST')).status).toBe(202);
    await upstream.post({ case_id: bad.caseId, content: `${CONFIDENTIAL} again` });
    await bad.client.recording.count(1);
    await until(async () => (await look(bad.caseId)).live);
    [good, bad].forEach(({ client }) => client.close());
  });

  it('lists sets, and the connections of all gateways page by page', async () => {
    const carol = { sub: 'carol' };
    const opened = [await subscribed(carol), await subscribed(carol)];
    const third = clientOf('sse', { token: await tokenFor(carol), caseIds: [opened[0]?.caseId ?? ''] });
    await third.open(deployment.gateway(1).url);
    const first = (await ask('connections?subject=carol&limit=2')).body;
    const second = (await ask(`connections?subject=carol&limit=2&after=${encodeURIComponent(first.next)}`)).body;
    const all = [...first.connections, ...second.connections];
    expect(all.map(({ transport }) => transport).sort()).toEqual(['socket_io', 'socket_io', 'sse']);
    expect(new Set(all.map(({ id }) => id)).size).toBe(3);
    expect(all[0]).toMatchObject({ subject: 'carol', tickets: [{ feed: 'zh-cn', tickets: 1 }] });
    expect(second.next).toBeNull();
    expect(first.gateways).toHaveLength(2);
    const { sets } = (await ask('sets?feed=zh-cn')).body;
    expect(sets.length).toBeGreaterThan(0);
    expect(sets[0]).toMatchObject({ feed: 'zh-cn', failures: 0 });
    [...opened.map(({ client }) => client), third].forEach((client) => client.close());
  });

  it('sets the log level of all processes', async () => {
    const { body } = await ask('log-level', 'POST', { level: 'debug' });
    expect(body.processes.map(({ role }: { role: string }) => role).sort()).toEqual(['gateway', 'gateway', 'worker']);
    expect((await ask('workers')).body.workers).toMatchObject([{ log_level: 'debug' }]);
    expect((await ask('log-level', 'POST', { level: 'loud' })).status).toBe(400);
    await ask('log-level', 'POST', { level: 'info' });
  });

  it('A10: revokes at the other gateway within a second, and after it was started anew', async () => {
    const token = await tokenFor({ sub: 'mallory' });
    const { caseId, client } = await subscribed({ sub: 'mallory' });
    const { body } = await ask('revocations', 'POST', { sub: 'mallory' });
    const at = Date.now();
    const { data } = await client.recording.next('closing');
    expect([data.reason, Date.now() - at < 1000]).toEqual(['token_revoked', true]);
    const gateway = deployment.gateway(0);
    const history = async () =>
      (await exchange(`${gateway.url}/v1/cases/${caseId}/messages`, { headers: { authorization: `Bearer ${token}` } }))
        .status;
    expect(await history()).toBe(401);
    await gateway.kill();
    await gateway.start();
    expect(await history()).toBe(401);
    expect((await ask(`revocations/${body.id}`, 'DELETE')).status).toBe(204);
    await until(async () => (await history()) === 200);
    client.close();
  });

  it('shows the poll queue to a browser that sends the secret as password, and lets it change nothing', async () => {
    const { client } = await subscribed();
    const authorization = `Basic ${Buffer.from(`kim:${SECRET}`).toString('base64')}`;
    const read = (path: string, headers: Record<string, string> = { authorization }, method = 'GET') =>
      exchange(`${deployment.gateway(1).url}/admin/queues${path}`, { headers, method });
    const page = await read('');
    expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.headers['content-security-policy']).toContain("default-src 'self'");
    expect(page.headers['x-powered-by']).toBeUndefined();
    const [, script = ''] = /src="(static[^"]+)"/.exec(page.text) ?? [];
    expect((await read(`/${script}`)).status).toBe(200);
    const { queues } = JSON.parse((await read('/api/queues?activeQueue=polls')).text) as {
      queues: { name: string; counts: Record<string, number>; jobs: { data: object }[] }[];
    };
    expect(queues).toMatchObject([{ name: 'polls', readOnlyMode: true }]);
    expect(queues[0]?.jobs[0]?.data).toMatchObject({ feed: 'zh-cn' });
    expect((await read('/api/queues?activeQueue=polls&jobsPerPage=100000')).status).toBe(400);
    expect((await read('/api/queues/polls/pause', { authorization }, 'PUT')).status).toBe(405);
    expect((await read('', {})).status).toBe(401);
    expect((await read('/api/queues', {})).status).toBe(401);
    client.close();
  });

  it('has written one line for each use, with the name of the caller', async () => {
    const lines = deployment
      .gateway(1)
      .stdout.split('\n')
      .filter((line) => line.includes('"msg":"admin request"'))
      .map((line) => JSON.parse(line) as object);
    expect(lines.length).toBeGreaterThan(10);
    expect(deployment.worker().stdout).not.toContain('keys were lost');
    expect(lines.filter((line) => !('caller' in line) || line.caller !== 'kim')).toEqual([]);
    expect(lines).toContainEqual(
      expect.objectContaining({ method: 'POST', path: '/admin/feeds/zh-cn/pause', status: 201 }),
    );
  });

  it('the command says what is missing', async () => {
    const fails = (env: NodeJS.ProcessEnv) =>
      run(process.execPath, [join(ROOT, 'scripts/pollcast.mjs'), 'why', 'CASE-1'], { env }).catch(
        ({ stderr }: { stderr: string }) => stderr,
      );
    expect(await fails({})).toContain('ADMIN_TOKEN is not set');
    expect(await fails({ ADMIN_TOKEN: SECRET, POLLCAST_URL: 'http://127.0.0.1:9' })).toContain('no gateway answers at');
    expect(await fails({ ADMIN_TOKEN: 'wrong', POLLCAST_URL: deployment.gateway().url })).toContain('another one');
  });

  it('answers every example of the OpenAPI document, as the document says', async () => {
    const [client, operator] = [await tokenFor({ sub: 'examples', hints: true }), SECRET];
    const statuses: [string, number][] = [];
    // One after the other: a feed that is paused is resumed.
    for (const { operation, method, target, headers, body } of exampleRequests()) {
      const bearer = { client, poll: client, operator, public: null }[operation.access];
      const authorization = bearer === null ? undefined : { authorization: `Bearer ${bearer}` };
      const end = new AbortController();
      const response = await fetch(`${deployment.gateway(1).url}${target}`, {
        method,
        headers: { ...headers, ...authorization },
        ...(body !== undefined && { body }),
        signal: end.signal,
      });
      const first = await response.body?.getReader().read();
      if (operation.answers[200]?.type === 'text/event-stream') {
        expect(Buffer.from(first?.value ?? '').toString()).toMatch(/^retry: \d+\n/);
      }
      end.abort();
      statuses.push([operation.id, response.status]);
    }
    const unlike = statuses.filter(([, status]) => status >= 300);
    // Nothing is in quarantine, and there is no such revocation.
    expect(unlike).toEqual([
      ['releaseCase', 404],
      ['liftRevocation', 404],
    ]);
    expect(statuses.length).toBeGreaterThan(30);
  });
});
