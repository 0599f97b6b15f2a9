import { setTimeout as sleep } from 'node:timers/promises';
import { stream } from '@durable-streams/client';
import { until } from '../../../../test/harness/until.js';
import { RunningGateway, token } from '../../test/running-gateway.js';
import { DropInPoll } from '../dropin/drop-in-poll.js';
import { nextCursor } from './stream-cursor.js';

const PATH = '/v1/streams/cases';

interface StreamEvent {
  readonly event: string;
  readonly id: string;
  readonly message?: { readonly content: string };
}

describe('a ticket as a durable stream', () => {
  let gateway: RunningGateway;
  let headers: Record<string, string>;
  beforeAll(async () => {
    gateway = await RunningGateway.start();
    headers = { authorization: `Bearer ${await token()}` };
    for (const caseId of ['A1', 'A2', 'A3', 'A4', 'A5']) {
      await gateway.store.publish(caseId, 'one');
      await gateway.store.setStatus(caseId, 1);
      await gateway.store.publish(caseId, 'two');
    }
  });
  afterAll(() => gateway.stop());

  const get = (target: string, more: Record<string, string> = {}, method = 'GET') =>
    fetch(`${gateway.url}${PATH}/${target}`, { method, headers: { ...headers, ...more } });
  const contents = (events: readonly StreamEvent[]) =>
    events.map(({ event, message }) => (event === 'message' ? message?.content : event));

  it('T1: is read from the beginning, and on from where the last answer ended', async () => {
    const first = await get('A1?offset=-1');
    expect([first.status, first.headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(first.headers.get('stream-up-to-date')).toBe('true');
    expect(contents((await first.json()) as StreamEvent[])).toEqual(['one', 'status', 'two']);
    const offset = first.headers.get('stream-next-offset');
    const second = await get(`A1?offset=${offset}`);
    expect([await second.json(), second.headers.get('stream-next-offset')]).toEqual([[], offset]);
    expect(contents((await (await get('A1')).json()) as StreamEvent[])).toEqual(['one', 'status', 'two']);
  });

  it('T4: is not sent again to those that have it, and tells its end to HEAD and to offset=now', async () => {
    const first = await get('A2?offset=-1');
    const [etag, end] = [first.headers.get('etag') ?? '', first.headers.get('stream-next-offset')];
    expect((await get('A2?offset=-1', { 'if-none-match': etag })).status).toBe(304);
    const head = await get('A2', {}, 'HEAD');
    expect([head.status, head.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(head.headers.get('content-type')).toBe('application/json');
    const now = await get('A2?offset=now');
    expect([await now.json(), now.headers.get('etag'), now.headers.get('stream-up-to-date')]).toEqual([
      [],
      null,
      'true',
    ]);
    for (const answer of [head, now]) {
      expect(String(answer.headers.get('stream-next-offset')) >= String(end)).toBe(true);
    }
  });

  it('T2: is waited for by a long poll, also from its end on', async () => {
    const waiting = get('A3?offset=now&live=long-poll');
    let isOver = false;
    void waiting.finally(() => (isOver = true));
    for (let number = 3; !isOver; number += 1) {
      await gateway.store.publish('A3', `number ${number}`); // The first one may come before the read has begun.
      await sleep(50);
    }
    const answer = await waiting;
    expect([answer.status, contents((await answer.json()) as StreamEvent[])[0]]).toEqual([
      200,
      expect.stringMatching(/^number \d+$/),
    ]);
    const cursor = Number(answer.headers.get('stream-cursor'));
    const again = await get(`A3?offset=-1&live=long-poll&cursor=${cursor}`);
    expect(Number(again.headers.get('stream-cursor'))).toBeGreaterThan(cursor);
    await again.body?.cancel();
  });

  it.each(['long-poll', 'sse'] as const)('T1 T2: is read by the official client, live by %s', async (live) => {
    const caseId = live === 'sse' ? 'A4' : 'A5';
    const seen: StreamEvent[] = [];
    const end = new AbortController();
    const url = `${gateway.url}${PATH}/${caseId}`;
    const session = await stream<StreamEvent>({
      url,
      offset: '-1',
      live,
      headers,
      signal: end.signal,
      warnOnHttp: false,
    });
    session.closed.catch(() => undefined);
    const done = new Promise<void>((resolve) => {
      session.subscribeJson(async (batch) => {
        seen.push(...batch.items);
        if (seen.length === 3) void gateway.store.publish(caseId, 'three');
        if (seen.length === 4) resolve();
      });
    });
    await done;
    end.abort();
    expect(contents(seen)).toEqual(['one', 'status', 'two', 'three']);
  });

  it.each([
    ['a live read without an offset', 'A1?live=sse', 400, 'invalid'],
    ['another kind of live', 'A1?offset=-1&live=magic', 400, 'invalid'],
    ['an empty offset', 'A1?offset=', 400, 'invalid'],
    ['two offsets', 'A1?offset=-1&offset=now', 400, 'invalid'],
    ['an offset that is none', 'A1?offset=a,b', 400, 'invalid'],
    ['a cursor that is none', 'A1?offset=-1&live=long-poll&cursor=x', 400, 'invalid'],
    ['a group that the token does not allow', 'A1?offset=-1&group_id=g', 403, 'forbidden'],
    ['an offset of another epoch', 'A1?offset=0mwtcnjrpo8nsa-000000000003-aQ9x_T1cPzk', 410, 'gone'],
    ['a ticket that the token does not name', 'B1?offset=-1', 403, 'forbidden'],
  ])('T5: refuses %s', async (_, target, status, code) => {
    const answer = await get(target);
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([status, code]);
  });

  it('T3: is for reading alone', async () => {
    for (const method of ['PUT', 'POST', 'DELETE']) {
      const answer = await get('A1', {}, method);
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
    }
  });

  it('T3: does not tell whether there is a ticket', async () => {
    const answer = await get('A-nobody-knows-this');
    expect([answer.status, await answer.json(), answer.headers.get('stream-closed')]).toEqual([200, [], null]);
    expect(answer.headers.get('pollcast-backfill')).toBe('pending');
  });

  describe.each(['long-poll', 'sse'])('that is read live by %s', (live) => {
    const ADMIN_TOKEN = 'a-token-of-operators-for-this-test';
    let own: RunningGateway;
    beforeEach(async () => {
      own = await RunningGateway.start({ ADMIN_TOKEN });
      await own.store.setStatus('A1', 1);
    });
    afterEach(async () => {
      jest.restoreAllMocks();
      await own.stop();
    });
    /** Resolves once the read waits for news, with what its answer will be. */
    const begun = async () => {
      const waits = jest.spyOn(DropInPoll.prototype, 'news');
      const answer = fetch(`${own.url}${PATH}/A1?offset=now&live=${live}`, { headers });
      const told = answer.then(async (response) => ({ status: response.status, text: await response.text() }));
      await until(() => waits.mock.calls.some(([ms]) => ms > 0), 15_000);
      return { told };
    };

    it('T6: has its rights looked at again before anything is sent', async () => {
      const { told } = await begun();
      own.store.clock.advance(Math.max(1, Date.now() - own.store.clock.now()));
      const revoked = await fetch(`${own.url}/admin/revocations`, {
        method: 'POST',
        headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
        body: JSON.stringify({ sub: 'alice' }),
      });
      expect(revoked.status).toBe(201);
      await own.store.publish('A1', 'secret');
      const { status, text } = await told;
      expect([status, text.includes('secret')]).toEqual([live === 'sse' ? 200 : 401, false]);
    });

    it('T6: is answered when the gateway drains', async () => {
      const { told } = await begun();
      const began = performance.now();
      void own.stop();
      expect((await told).status).toBe(live === 'sse' ? 200 : 204);
      expect(performance.now() - began).toBeLessThan(8000);
    });
  });

  it('T2: has cursors that never go back', () => {
    const now = Date.UTC(2026, 0, 1);
    const current = Number(nextCursor(undefined, now, 0));
    expect(Number(nextCursor(String(current - 5), now, 0.5))).toBe(current);
    expect(Number(nextCursor(String(current), now, 0))).toBe(current + 1);
    expect(Number(nextCursor(String(current + 9), now, 0.999))).toBeLessThanOrEqual(current + 9 + 180);
  });
});
