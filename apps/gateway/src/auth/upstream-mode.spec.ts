import { until } from '../../../../test/harness/until.js';
import { record } from '../../test/recording.js';
import { RightsUpstream, say } from '../../test/rights-upstream.js';
import { RunningGateway } from '../../test/running-gateway.js';

const TTL_S = 1;

let upstream: RightsUpstream;
let gateway: RunningGateway;

beforeEach(async () => {
  upstream = await RightsUpstream.start();
  upstream.may('alice', 'A1', 'A2', 'A3');
  gateway = await RunningGateway.start({
    AUTH_MODE: 'upstream',
    AUTH_JWT_SECRET: '',
    UPSTREAM_BASE_URL: upstream.url,
    AUTH_PROBE_TTL_S: String(TTL_S),
  });
});
afterEach(async () => {
  await gateway.stop();
  upstream.stop();
});

const headers = (token: string) => ({ authorization: '', 'x-auth-token': token });
const stream = (token: string, query: string) => gateway.read(`/v1/events?${query}`, headers(token));
const problem = async (token: string, path: string) => {
  const answer = await (await gateway.read(path, headers(token))).whole();
  return { status: answer.response.statusCode, retry: answer.response.headers['retry-after'], ...body(answer.text) };
};
const body = (text: string) => JSON.parse(text) as { code: string; case_ids?: string[] };

describe('A11: with AUTH_MODE=upstream a stream', () => {
  it('is served where the upstream lets the own token of the client read its tickets, in one question', async () => {
    await gateway.store.publish('A1', 'hello');
    const events = await stream('alice', 'case_ids=A1&case_ids=A2');
    await until(() => events.has('ready'));
    expect(events.contents()).toEqual(['hello']);
    expect(upstream.asked).toEqual([['A1', 'A2']]);
  });

  it('is promised to HEAD for the tickets that the client may read, and for no others', async () => {
    const status = async (caseId: string) => {
      const url = `${gateway.url}/v1/events?case_ids=${caseId}`;
      return (await fetch(url, { method: 'HEAD', headers: { 'x-auth-token': 'alice' } })).status;
    };
    expect([await status('A1'), await status('A9')]).toEqual([200, 403]);
    expect(upstream.asked).toEqual([['A1'], ['A9']]);
  });

  it('takes the token in every place that has one', async () => {
    const places = [
      gateway.read('/v1/events?case_ids=A1', { authorization: 'Bearer alice' }),
      gateway.read('/v1/events?case_ids=A1&access_token=alice', { authorization: '' }),
      gateway.read('/v1/events?case_ids=A1', { authorization: '', cookie: 'pollcast_token=alice' }),
    ];
    for (const events of await Promise.all(places)) {
      await until(() => events.has('ready'));
    }
    expect(upstream.asked).toEqual([['A1']]);
  });

  it('is refused with the tickets that the upstream refuses, found by halving', async () => {
    const refused = await problem('alice', '/v1/events?case_ids=A1,A2,B1,A3');
    expect(refused).toMatchObject({ status: 403, code: 'forbidden', case_ids: ['B1'] });
    expect(upstream.asked[0]).toEqual(['A1', 'A2', 'A3', 'B1']);
    const asked = upstream.asked.length;
    expect(await problem('alice', '/v1/events?case_ids=B1')).toMatchObject({ status: 403, case_ids: ['B1'] });
    expect(upstream.asked).toHaveLength(asked);
  });

  it('is refused as unauthorized for a token that the upstream does not accept, and asks once about it', async () => {
    const refused = await problem('mallory', '/v1/events?case_ids=A1');
    expect(refused).toMatchObject({ status: 401, code: 'unauthorized' });
    expect(await problem('mallory', '/v1/events?case_ids=A2')).toMatchObject({ status: 401 });
    expect(upstream.asked).toHaveLength(1);
  });

  it.each([
    ['a failing upstream', 500, { error_code: 'OSM.0004', error_msg: 'internal' }, '2'],
    ['a throttling', 429, { error_code: 'APIGW.0308', error_msg: 'time:7 second' }, '7'],
    ['a page of a firewall', 200, '<html>', '2'],
    ['a 401 that is not the own words of the upstream', 401, '<html>', '2'],
    ['a 403 that is not the own words of the upstream', 403, '<html>', '2'],
  ])('is unavailable, and not refused, because of %s', async (_, status, words, retry) => {
    upstream.fault = (response) => say(response, status, words);
    const refused = await problem('alice', '/v1/cases/A1/messages');
    expect(refused).toMatchObject({ status: 503, code: 'unavailable', retry });
  });

  it('is asked for again while it lives, and loses a ticket whose right has ended', async () => {
    const events = await stream('alice', 'case_ids=A1&case_ids=A2');
    await until(() => events.has('ready'));
    upstream.may('alice', 'A2');
    await until(() => events.has('revoked'));
    expect(events.events.at(-1)?.data).toEqual({ case_ids: ['A1'], reason: 'rights' });
    await gateway.store.publish('A1', 'secret');
    await gateway.store.publish('A2', 'own');
    await until(() => events.contents().length > 0);
    expect(events.contents()).toEqual(['own']);
  });

  it('and other bodies are read only for a token that the upstream accepts; hints are refused', async () => {
    const post = (path: string, token: string) =>
      fetch(`${gateway.url}${path}`, {
        method: 'POST',
        headers: { 'x-auth-token': token, 'content-type': 'application/json' },
        body: JSON.stringify({ case_ids: ['A1'] }),
      });
    expect((await post('/v1/events', 'mallory')).status).toBe(401);
    const events = await post('/v1/events', 'alice');
    expect([events.status, upstream.asked]).toEqual([200, [[], [], ['A1']]]);
    await events.body?.cancel();
    expect(await (await post('/v1/hints', 'alice')).json()).toMatchObject({ status: 403, code: 'forbidden' });
  });

  it('ends with its token', async () => {
    const events = await stream('alice', 'case_ids=A1');
    await until(() => events.has('ready'));
    upstream.rights.clear();
    await until(() => events.ended);
    expect(events.events.at(-1)?.data).toMatchObject({ reason: 'token_expired' });
  });

  it('is answered in small: questions begin where the last answer ended', async () => {
    await stream('alice', 'case_ids=A1');
    const events = await stream('alice', 'case_ids=A2');
    await until(() => events.has('ready'));
    expect(upstream.queries.map((query) => query.get('last_message_time_id'))).toEqual([null, '17']);
  });
});

describe('A11: with AUTH_MODE=upstream Socket.IO', () => {
  it('shows the token before it connects, and asks about the tickets of a tick together', async () => {
    const socket = await gateway.connect({ token: 'alice' });
    const acks = await Promise.all(
      ['A1', 'A2', 'A3'].map((caseId) => socket.emitWithAck('subscribe', { case_ids: [caseId] })),
    );
    expect(acks.map(({ ok }) => ok)).toEqual([true, true, true]);
    expect(upstream.asked).toEqual([[], ['A1', 'A2', 'A3']]);
  });

  it('is refused to a token that the upstream does not accept', async () => {
    await expect(gateway.connect({ token: 'mallory' })).rejects.toMatchObject({ data: { code: 'unauthorized' } });
  });

  it('goes on with another token, and loses what it may not read', async () => {
    upstream.may('alice again', 'A1');
    upstream.may('alice-2', 'A2');
    const socket = await gateway.connect({ token: 'alice' });
    const events = record(socket);
    await socket.emitWithAck('subscribe', { case_ids: ['A1', 'A2'] });
    expect(await socket.emitWithAck('authenticate', { token: 'mallory' })).toMatchObject({ ok: false });
    expect(await socket.emitWithAck('authenticate', { token: 'alice-2' })).toEqual({ ok: true });
    expect(events).toEqual([['revoked', { case_ids: ['A1'], reason: 'rights' }]]);
    expect(await socket.emitWithAck('subscribe', { case_ids: ['A1'] })).toMatchObject({
      error: { code: 'forbidden', case_ids: ['A1'] },
    });
  });
});
