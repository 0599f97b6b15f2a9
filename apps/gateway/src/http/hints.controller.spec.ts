import { feedKey } from '#core';
import { RunningGateway, token } from '../../test/running-gateway.js';

const FEED = feedKey({ language: 'zh-cn' });

describe('POST /v1/hints', () => {
  let gateway: RunningGateway;
  beforeAll(async () => void (gateway = await RunningGateway.start()));
  afterAll(() => gateway.stop());

  async function post(body: string, claims: object = { hints: true }): Promise<{ status: number; code?: string }> {
    const headers = { authorization: `Bearer ${await token(claims)}`, 'content-type': 'application/json' };
    const response = await fetch(`${gateway.url}/v1/hints`, { method: 'POST', headers, body });
    const text = await response.text();
    return { status: response.status, ...(text && (JSON.parse(text) as { code: string })) };
  }

  it('makes the set of a ticket due at once', async () => {
    const { registry, clock } = gateway.store;
    await gateway.store.publish('A1');
    clock.advance(10_000);
    const [ref] = await registry.overdue(FEED, Number.POSITIVE_INFINITY);
    const begun = ref && (await registry.begin(ref, clock.now(), { owner: 'worker', until: clock.now() }));
    if (begun?.kind !== 'begun') throw new Error('no set');
    const due = { active: clock.now() + 5000, idle: clock.now() + 5000 };
    await registry.commit({
      ref: begun.set.ref,
      fence: begun.set.fence,
      now: clock.now(),
      entries: [],
      backfilled: [],
      due,
    });
    expect(await post('{"case_ids":["A1"]}')).toEqual({ status: 204 });
    expect(await registry.earliestDue(FEED)).toBe(clock.now());
  });

  it('is answered in time where the queue does not answer', async () => {
    await gateway.store.publish('A1');
    jest.spyOn(gateway.store.queue, 'wake').mockReturnValueOnce(new Promise(() => undefined));
    expect(await post('{"case_ids":["A1"]}')).toMatchObject({ status: 503, code: 'unavailable' });
  }, 15_000);

  it.each([
    ['a ticket that the token does not name', '{"case_ids":["B1"]}', { hints: true }, 403, 'forbidden'],
    ['a token without the claim', '{"case_ids":["A1"]}', {}, 403, 'forbidden'],
    ['no tickets', '{"case_ids":[]}', { hints: true }, 400, 'invalid'],
    ['a text', '"A1"', { hints: true }, 400, 'invalid'],
    ['malformed JSON', '{"case_ids":', { hints: true }, 400, 'invalid'],
    ['too many tickets', JSON.stringify({ case_ids: ids(501) }), { hints: true }, 400, 'too_many'],
    ['a body beyond its bound', JSON.stringify({ case_ids: ids(20_000) }), { hints: true }, 413, 'payload_too_large'],
  ])('refuses %s', async (_, body, claims, status, code) => {
    expect(await post(body, claims)).toMatchObject({ status, code });
  });
});

function ids(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `A${index}`);
}
