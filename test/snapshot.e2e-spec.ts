import { clientOf } from './harness/clients/clients.js';
import { exchange } from './harness/clients/exchange.js';
import { tokenFor } from './harness/clients/tokens.js';
import type { SnapshotEvent } from './harness/clients/wire.js';
import { CONFIDENTIAL, UPSTREAM_TOKEN } from './harness/log-faults.js';
import { freshTickets } from './harness/upstream/traffic.js';
import { useDeployment } from './fixtures/use-deployment.js';

const TRANSPORTS = ['sse', 'websocket'] as const;

/** What a page needs to show a ticket as a whole: its state at one position, and whether that is known yet. */
describe('a ticket as a whole', () => {
  const deployment = useDeployment({ gateways: 2, workers: 2, allowedLogs: { stackTraces: true } });
  let token: string;
  beforeAll(async () => void (token = await tokenFor()));
  beforeEach(() => deployment.restore());

  const post = (caseId: string, content: string, count = 1) =>
    deployment.upstream.post({ case_id: caseId, content: `${CONFIDENTIAL} ${content} {n}`, count });
  const contentsOf = ({ messages }: SnapshotEvent) => messages.map(({ message }) => message['content']);
  const posted = async (caseId: string) => (await deployment.upstream.ledger([caseId])).map(({ content }) => content);

  it.each(TRANSPORTS)('R13: is pending until its first poll is complete, over %s', async (transport) => {
    const [caseId = ''] = freshTickets(1);
    await post(caseId, 'before', 3);
    await deployment.upstream.inject({ kind: 'status', status: 500, case_ids: [caseId] });
    const client = clientOf(transport, { token, caseIds: [caseId] });
    const ready = await client.open(deployment.gateway(0).url);
    await deployment.upstream.clearFaults();
    expect(ready.pending).toEqual([caseId]);
    const { data } = await client.recording.next('backfilled');
    expect(data).toEqual({ case_ids: [caseId] });
    // Everything that the poll found came before.
    const order = client.recording.frames.map(({ event }) => event);
    expect(order.lastIndexOf('message')).toBeLessThan(order.indexOf('backfilled'));
    expect(client.recording.messages).toHaveLength(3);
    const later = clientOf(transport, { token, caseIds: [caseId] });
    expect((await later.open(deployment.gateway(1).url)).pending).toEqual([]);
    expect(later.recording.of('backfilled')).toEqual([]);
    [client, later].forEach((each) => each.close());
  });

  it('R13: is told to be complete when the worker that polls first is killed', async () => {
    const [caseId = ''] = freshTickets(1);
    await post(caseId, 'before', 2);
    await deployment.upstream.inject({ kind: 'status', status: 500, case_ids: [caseId] });
    const client = clientOf('sse', { token, caseIds: [caseId] });
    expect((await client.open(deployment.gateway(0).url)).pending).toEqual([caseId]);
    await deployment.worker(0).kill();
    await deployment.worker(1).kill();
    await deployment.upstream.clearFaults();
    expect(client.recording.of('backfilled')).toEqual([]);
    await deployment.restore();
    await client.recording.next('backfilled', () => true, 40_000);
    expect(client.recording.messages).toHaveLength(2);
    client.close();
  });

  it.each(TRANSPORTS)('R14: is one snapshot, and goes on from exactly there, over %s', async (transport) => {
    const [caseId = ''] = freshTickets(1);
    const observer = clientOf('sse', { token, caseIds: [caseId] });
    await observer.open(deployment.gateway(0).url);
    await post(caseId, 'past', 5);
    await observer.recording.count(5);
    // What is posted now arrives before, in and after the snapshot.
    const posting = (async () => {
      for (let turn = 0; turn < 8; turn += 1) await post(caseId, `while it opens: ${turn}`, 3);
    })();
    const client = clientOf(transport, { token, caseIds: [caseId], history: 10, snapshot: 1 });
    const ready = await client.open(deployment.gateway(1).url);
    await posting;
    await observer.recording.count(29);
    const all = await posted(caseId);
    const [snapshot] = client.recording.of('snapshot').map(({ data }) => data);
    expect(snapshot).toMatchObject({ id: ready.last_event_id, status: 1, revoked: false, pending: false });
    expect(ready).toMatchObject({ replayed: 0 });
    const before = contentsOf(snapshot as SnapshotEvent);
    const from = all.indexOf(String(before[0]));
    await client.recording.count(all.length - from - before.length);
    expect([...before, ...client.recording.contents]).toEqual(all.slice(from));
    const order = client.recording.frames.map(({ event }) => event);
    expect(order.indexOf('snapshot')).toBeLessThan(order.indexOf('ready') === -1 ? 1 : order.indexOf('ready'));
    [client, observer].forEach((each) => each.close());
  });

  it('R14: loses and doubles nothing when it is cut, and its gateway is killed', async () => {
    const [caseId = ''] = freshTickets(1);
    await post(caseId, 'past', 4);
    const client = clientOf('sse', { token, caseIds: [caseId], history: 5, snapshot: 1 });
    const { pending } = await client.open(deployment.gateway(0).url);
    if (pending.length > 0) await client.recording.next('backfilled');
    const known = new Set((client.recording.of('snapshot')[0]?.data.messages ?? []).map(({ id }) => id));
    for (let turn = 0; turn < 3; turn += 1) {
      const gateway = deployment.gateway(turn % 2);
      await (turn === 1 ? gateway.kill() : client.cut());
      client.cut();
      await post(caseId, `while it is away: ${turn}`, 4);
      await deployment.restore();
      await client.open(deployment.gateway(turn % 2).url);
      await post(caseId, `while it is here: ${turn}`, 2);
      await client.recording.count(4 + 6 * (turn + 1) - known.size, 20_000);
    }
    const ids = [...known, ...client.recording.messages.map(({ data }) => data.id)];
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toHaveLength((await posted(caseId)).length);
    // The last snapshot is a part of what the client has.
    const last = client.recording.of('snapshot').at(-1)?.data;
    expect(last?.messages.filter(({ id }) => !ids.includes(id))).toEqual([]);
    expect(last?.messages).toHaveLength(5);
    client.close();
  });

  /** The account reads a ticket. */
  const markRead = async (caseId: string) => {
    const url = `${deployment.upstream.url}/v2/servicerequest/cases/${caseId}/instant-messages/unread`;
    expect((await exchange(url, { method: 'POST', headers: { 'x-auth-token': UPSTREAM_TOKEN } })).status).toBe(200);
  };

  it.each(TRANSPORTS)('R15: has an unread count for those who ask, over %s', async (transport) => {
    const [caseId = ''] = freshTickets(1);
    await post(caseId, 'unread', 3);
    const client = clientOf(transport, { token, caseIds: [caseId], unread: 1 });
    const other = clientOf(transport, { token, caseIds: [caseId] });
    await Promise.all([client.open(deployment.gateway(0).url), other.open(deployment.gateway(1).url)]);
    const { data } = await client.recording.next('unread', ({ unread_num: count }) => count === 3);
    expect(data).toMatchObject({ case_id: caseId, status: 1, id: expect.any(String), seen_at: expect.any(String) });
    await markRead(caseId);
    await client.recording.next('unread', ({ unread_num: count, id }) => count === 0 && id > data.id);
    const resumed = clientOf(transport, { token, caseIds: [caseId], unread: 1, snapshot: 1 });
    resumed.recording.lastEventId = data.id;
    const ready = await resumed.open(deployment.gateway(1).url);
    expect(ready).toMatchObject({ case_ids: [caseId], recovered: true });
    expect(resumed.recording.of('unread').map(({ data: { unread_num: count } }) => count)).toContain(0);
    expect(resumed.recording.of('snapshot')[0]?.data.unread).toEqual({ unread_num: 0, status: 1 });
    await other.recording.count(3);
    expect(other.recording.of('unread')).toEqual([]);
    [client, other, resumed].forEach((each) => each.close());
  });

  it('R15: costs one request per interval, however many ask, and goes on when workers are killed', async () => {
    const [caseId = ''] = freshTickets(1);
    const clients = Array.from({ length: 12 }, () => clientOf('sse', { token, caseIds: [caseId], unread: 1 }));
    await Promise.all(clients.map((client, at) => client.open(deployment.gateway(at % 2).url)));
    await Promise.all(clients.map((client) => client.recording.next('unread')));
    await deployment.upstream.resetCounters();
    const beganAt = Date.now();
    await post(caseId, 'one');
    await Promise.all(clients.map((client) => client.recording.next('unread', ({ unread_num: count }) => count === 1)));
    const { unread } = await deployment.upstream.counters();
    // One round in 200 ms, and no more in flight at once than one.
    expect(unread).toBeLessThanOrEqual((Date.now() - beganAt) / 200 + 2);
    await deployment.worker(0).kill();
    await deployment.worker(1).kill();
    await post(caseId, 'two');
    await deployment.restore();
    const seen = await Promise.all(
      clients.map((client) => client.recording.next('unread', ({ unread_num: count }) => count === 2, 40_000)),
    );
    // All have the same events, each once.
    expect(new Set(seen.map(({ data: { id } }) => id)).size).toBe(1);
    const ids = clients.map((client) => client.recording.of('unread').map(({ data: { id } }) => id));
    expect(ids.map((each) => new Set(each).size)).toEqual(ids.map((each) => each.length));
    clients.forEach((client) => client.close());
  });

  it('H11: is read over HTTP as a stream has it', async () => {
    const [caseId = '', other = ''] = freshTickets(2);
    const client = clientOf('sse', { token, caseIds: [caseId] });
    await client.open(deployment.gateway(0).url);
    await post(caseId, 'one', 3);
    await deployment.upstream.setStatus(caseId, 0);
    await client.recording.count(3);
    await client.recording.next('status', ({ status }) => status === 0);
    const read = async (path: string) => {
      const headers = { authorization: `Bearer ${token}` };
      const answer = await exchange(`${deployment.gateway(1).url}/v1/cases/${path}`, { headers });
      return { status: answer.status, snapshot: JSON.parse(answer.text) as SnapshotEvent };
    };
    const { snapshot } = await read(`${caseId}/snapshot?history=3`);
    expect(snapshot).toMatchObject({ case_id: caseId, status: 0, revoked: false, pending: false });
    expect(contentsOf(snapshot)).toEqual((await posted(caseId)).slice(-contentsOf(snapshot).length));
    const live = clientOf('websocket', { token, caseIds: [caseId] });
    live.recording.lastEventId = snapshot.id;
    await live.open(deployment.gateway(0).url);
    await post(caseId, 'two');
    await live.recording.count(1);
    expect(live.recording.contents).toEqual((await posted(caseId)).slice(-1));
    // Nobody follows it, so nothing is known of it.
    expect((await read(`${other}/snapshot`)).snapshot).toMatchObject({ status: null, messages: [], pending: true });
    expect((await read(`${other}/snapshot?history=101`)).status).toBe(400);
    [client, live].forEach((each) => each.close());
  });
});
