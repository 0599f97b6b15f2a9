import type { IncomingMessage } from 'node:http';
import { Refusal } from '#protocol';
import { Revocations } from '../auth/revocations.js';
import { Rights } from '../auth/rights.js';
import { Deadline } from '../edge/deadline.js';
import { DropInAuthentication } from './drop-in-authentication.js';

const TICKETS = { feed: { language: 'zh-cn' }, caseIds: ['A1'] };
const grants = { cases: ['A*'], groups: [], hints: false };
const QUERY = new URLSearchParams();

describe('the authentication of a client that polls', () => {
  let called: string[];
  let revocations: Revocations;
  let authentication: DropInAuthentication;
  const rights = new Rights('alice', Number.POSITIVE_INFINITY, grants);
  const socket = { name: 'socket' };
  const request = (authorization?: string) =>
    ({ method: 'GET', url: '/', headers: { authorization }, socket }) as unknown as IncomingMessage;
  const signed = request('SDK-HMAC-SHA256 Access=AK1, SignedHeaders=host;x-sdk-date, Signature=00');
  const require = (from: IncomingMessage, tickets: () => typeof TICKETS = () => TICKETS) =>
    authentication.require(from, QUERY, tickets, new Deadline());

  beforeEach(() => {
    called = [];
    revocations = new Revocations();
    const say = (what: string) => void called.push(what);
    authentication = new DropInAuthentication({
      tokens: {
        rightsOf: () => (say('token'), rights),
        learn: async (...asked: readonly unknown[]) => say(`learn ${JSON.stringify(asked[2])}`),
      } as never,
      keys: { rightsOf: (_: unknown, host: string) => (say(`key at ${host}`), rights) } as never,
      revocations: { revocations, list: { known: Promise.resolve(), isKnown: true } },
      origins: { of: () => ({ scheme: null, authority: 'public.example', source: 'Host' }) },
      sockets: { authenticated: (of) => say(of === (socket as never) ? 'shown' : 'another') },
    });
  });

  it('by a token looks at the token before the parameters, and learns of the tickets before it decides', async () => {
    expect(await require(request(), () => (called.push('read'), TICKETS))).toBe(rights);
    expect(called).toEqual(['token', 'read', `learn ${JSON.stringify(TICKETS)}`]);
    await expect(require(request(), () => ({ ...TICKETS, caseIds: ['A1', 'B1'] }))).rejects.toThrow(Refusal);
  });

  it('by a signature ends the time in which the connection has to show something', async () => {
    expect(await require(signed, () => (called.push('read'), TICKETS))).toBe(rights);
    expect(called).toEqual(['key at public.example', 'shown', 'read']);
  });

  it.each([
    ['a signature', signed],
    ['a token', request()],
  ])('by %s is looked at again after a while, also for what was revoked meanwhile', async (_, from) => {
    const again = (held: Rights) => authentication.again(held, from, QUERY, TICKETS, new Deadline());
    const held = await require(from);
    await again(held);
    if (from === signed) {
      revocations.merge([{ id: 'r', sub: 'alice', case_ids: ['A1'], at: 1, until: 2, by: 'ops' }]);
      await expect(again(held)).rejects.toMatchObject({ code: 'forbidden', details: { caseIds: ['A1'] } });
      await expect(require(from)).rejects.toMatchObject({ code: 'forbidden' });
      revocations.merge([{ id: 's', sub: 'alice', at: 1, until: 2, by: 'ops' }]);
      await expect(again(held)).rejects.toMatchObject({ code: 'unauthorized' });
    } else {
      expect(called.filter((what) => what === 'token')).toHaveLength(2);
    }
  });
});
