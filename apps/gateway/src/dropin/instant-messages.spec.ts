import { setTimeout as sleep } from 'node:timers/promises';
import { RunningGateway, token } from '../../test/running-gateway.js';

const PATH = '/v2/servicerequest/cases/instant-messages';

interface Answer {
  readonly imstatus: { readonly status: number; readonly incident_id: string }[];
  readonly immsg: { readonly incident_id: string; readonly message_list: { readonly content: string }[] }[];
  readonly last_message_time_id: string;
}

describe('D1: a poll as the upstream has it', () => {
  let gateway: RunningGateway;
  beforeAll(async () => void (gateway = await RunningGateway.start()));
  afterAll(() => gateway.stop());

  const get = async (query: string, headers: Record<string, string> = {}) => {
    const mine = { 'x-auth-token': await token(), ...headers };
    return fetch(`${gateway.url}${PATH}?${query}`, { headers: mine });
  };
  const poll = async (query: string, headers?: Record<string, string>) => {
    const response = await get(query, headers);
    return { response, body: (await response.json()) as Answer };
  };
  const contentsOf = ({ immsg }: Answer) =>
    immsg.map(({ incident_id, message_list }) => [incident_id, ...message_list.map(({ content }) => content)]);
  const error = async (query: string, headers?: Record<string, string>) => {
    const response = await get(query, headers);
    return { status: response.status, ...((await response.json()) as object) };
  };

  it('has the messages of each ticket in order, and then what is new', async () => {
    await gateway.store.publish('A1', 'one');
    await gateway.store.setStatus('A1', 1);
    await gateway.store.publish('A2', 'two');
    await gateway.store.setStatus('A2', 0);
    await gateway.store.publish('A1', 'three');
    const first = await poll('case_ids=A2&case_ids=A1');
    expect(first.body.imstatus).toEqual([
      { status: 0, incident_id: 'A2' },
      { status: 1, incident_id: 'A1' },
    ]);
    expect(contentsOf(first.body)).toEqual([
      ['A2', 'two'],
      ['A1', 'one', 'three'],
    ]);
    const after = `case_ids=A1,A2&last_message_time_id=${first.body.last_message_time_id}`;
    expect(contentsOf((await poll(after)).body)).toEqual([]);
    await gateway.store.publish('A2', 'four');
    expect(contentsOf((await poll(after)).body)).toEqual([['A2', 'four']]);
    expect(first.body.last_message_time_id).toMatch(/^[!-~]{1,64}$/);
    expect(first.response.headers.get('content-type')).toBe('application/json;charset=utf-8');
  });

  it('waits for news as long as it asks, and no longer', async () => {
    const { body } = await poll('case_ids=A1');
    const waiting = poll(`case_ids=A1&wait=10&last_message_time_id=${body.last_message_time_id}`);
    await sleep(100);
    await gateway.store.publish('A1', 'soon');
    expect(contentsOf((await waiting).body)).toEqual([['A1', 'soon']]);
    const began = performance.now();
    const quiet = await poll(`case_ids=A1&wait=1&last_message_time_id=${(await waiting).body.last_message_time_id}`);
    expect(contentsOf(quiet.body)).toEqual([]);
    expect(performance.now() - began).toBeGreaterThan(900);
  });

  it('D3: of a ticket that nobody follows waits for its first answer, and says so if there is none', async () => {
    const waiting = poll('case_ids=A-new');
    await sleep(150);
    await gateway.store.publish('A-new', 'first');
    await gateway.store.setStatus('A-new', 0);
    const answered = await waiting;
    expect(answered.body.imstatus).toEqual([{ status: 0, incident_id: 'A-new' }]);
    expect([contentsOf(answered.body), answered.response.headers.get('pollcast-backfill')]).toEqual([
      [['A-new', 'first']],
      'complete',
    ]);
    const began = performance.now();
    const { response, body } = await poll('case_ids=A-unknown');
    expect(performance.now() - began).toBeGreaterThan(900);
    expect([body.immsg, response.headers.get('pollcast-backfill'), response.headers.get('retry-after')]).toEqual([
      [],
      'pending',
      '1',
    ]);
  });

  it('D2: understands a cursor of the upstream as a time, and another text as a position that it does not know', async () => {
    await gateway.store.publish('A7', 'kept');
    await gateway.store.setStatus('A7', 0);
    const later = String(Date.now() + 60_000);
    const told = await poll(`case_ids=A7&last_message_time_id=${later}`);
    expect(told.response.headers.get('pollcast-gap')).toBeNull();
    const unknown = await poll('case_ids=A7&last_message_time_id=c_opaque');
    expect(contentsOf(unknown.body)).toEqual([['A7', 'kept']]);
    expect(unknown.response.headers.get('pollcast-gap')).toBe('unknown_position');
  });

  it('has an entity tag, by which nothing is sent twice', async () => {
    const { response, body } = await poll('case_ids=A1');
    const etag = response.headers.get('etag') ?? '';
    const again = await get('case_ids=A1', { 'if-none-match': etag });
    expect([etag.length, again.status, await again.text()]).toEqual([24, 304, '']);
    expect(body.immsg).not.toEqual([]);
  });

  it('D4: is refused in the words of the upstream', async () => {
    expect(await error('case_ids=A1', { 'x-auth-token': 'nonsense' })).toMatchObject({
      status: 401,
      error_code: 'APIGW.0301',
      error_msg: expect.stringContaining('Incorrect IAM authentication information'),
      request_id: expect.any(String),
    });
    expect(await error('case_ids=A1&case_ids=B1')).toMatchObject({
      status: 403,
      error_code: 'OSM.01010002',
      error_msg: expect.stringContaining('(B1)'),
    });
    const invalid = { status: 400, error_code: 'OSM.0001', error_msg: expect.stringMatching(/^Invalid parameter: /) };
    const wrong = [
      ...['', 'case_ids=', 'case_ids=A1&wait=61', 'case_ids=A1&wait=x', `case_ids=A1&group_id=${'g'.repeat(65)}`],
      `case_ids=A1&last_message_time_id=${'1'.repeat(65)}`,
      Array.from({ length: 101 }, (_, index) => `case_ids=A${index}`).join('&'),
    ];
    for (const query of wrong) {
      expect([query, await error(query)]).toEqual([query, expect.objectContaining(invalid)]);
    }
    expect(await error('case_ids=A1', { 'x-time-zone': 'Mars' })).toMatchObject(invalid);
    const post = await fetch(`${gateway.url}${PATH}`, { method: 'POST', headers: { authorization: 'x' } });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, OPTIONS']);
    expect(await post.json()).toMatchObject({ error_code: 'APIGW.0101' });
  });

  it('D5: keeps its tickets wanted for a while, once for all polls of a subject', async () => {
    await gateway.store.setStatus('A-lease', 0);
    const want = jest.spyOn(gateway.store.registry, 'want');
    await Promise.all(Array.from({ length: 20 }, () => poll('case_ids=A-lease')));
    const arrivals = want.mock.calls.filter(
      ([, caseIds, , , reason]) => reason === 'arrival' && caseIds.includes('A-lease'),
    );
    expect(arrivals).toHaveLength(1);
    want.mockRestore();
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(metrics).toMatch(/pollcast_dropin_polls_total{outcome="news"[^}]*} [1-9]/);
    expect(metrics).toMatch(/pollcast_dropin_tickets({[^}]*})? [1-9]/);
  });

  it('is answered at once by a gateway that is about to end', async () => {
    const ending = await RunningGateway.start();
    await ending.store.publish('A1', 'one');
    await ending.store.setStatus('A1', 0);
    const mine = { headers: { 'x-auth-token': await token() } };
    const first = (await (await fetch(`${ending.url}${PATH}?case_ids=A1`, mine)).json()) as Answer;
    const waiting = fetch(
      `${ending.url}${PATH}?case_ids=A1&wait=30&last_message_time_id=${first.last_message_time_id}`,
      mine,
    );
    await sleep(100);
    const began = performance.now();
    const [answer] = await Promise.all([waiting, ending.stop()]);
    expect([answer.status, performance.now() - began < 2000]).toEqual([200, true]);
  });
});
