import { DrivenMachine } from '../test/driven-machine.js';
import { idOf } from '../test/model-gateway.js';

const UNAUTHORIZED = { code: 'unauthorized', message: 'the token has ended' };
const MINUTE_MS = 60_000;

/** The next questions for a token are answered with this one. */
function give(client: DrivenMachine, token: string, lifeMs: number | null = null): void {
  client.token = { token, expiresAt: lifeMs === null ? null : client.now + lifeMs };
}

describe('a token that is refused', () => {
  it('is replaced once, at once', () => {
    const client = new DrivenMachine();
    client.subscribe('A');
    give(client, 'second');
    client.refuse(UNAUTHORIZED);
    expect(client.asked).toEqual([false, true]);
    expect(client.opened.map(({ token }) => token)).toEqual(['first', 'second']);
    client.ready(0);
    expect(client.state.name).toBe('live');
  });

  it('is the end if it is a fresh one, until somebody tries again, with another fresh one', () => {
    const client = new DrivenMachine();
    client.subscribe('A');
    client.refuse(UNAUTHORIZED);
    client.refuse(UNAUTHORIZED);
    expect(client.state).toEqual({ name: 'denied', reason: 'unauthorized', message: 'the token has ended' });
    client.advance(60 * MINUTE_MS);
    expect(client.opened).toHaveLength(2);
    client.step({ type: 'retry' });
    expect(client.asked).toEqual([false, true, true]);
    client.ready(0);
    expect(client.state.name).toBe('live');
  });

  it('is replaced again, if the one before had worked', () => {
    const client = new DrivenMachine();
    client.subscribe('A');
    client.refuse(UNAUTHORIZED);
    client.ready(0);
    client.end();
    client.advance(MINUTE_MS / 60);
    client.refuse(UNAUTHORIZED);
    expect(client.asked).toEqual([false, true, false, true]);
    expect(client.state.name).toBe('connecting');
  });

  it('is replaced again on a connection that had become live with it', () => {
    const client = new DrivenMachine(['socket.io']);
    client.subscribe('A');
    client.refuse(UNAUTHORIZED);
    client.ready(0);
    client.subscribe('B');
    client.advance(0);
    client.refuse(UNAUTHORIZED);
    expect(client.asked).toEqual([false, true, true]);
    expect(client.state.name).toBe('connecting');
  });

  it('is tried again when another ticket is wanted', () => {
    const client = new DrivenMachine();
    client.subscribe('A');
    client.refuse({ code: 'invalid', message: 'language is not known' });
    expect(client.state).toEqual({ name: 'denied', reason: 'invalid', message: 'language is not known' });
    client.subscribe('B');
    expect(client.connection.request.caseIds).toEqual(['A', 'B']);
  });
});

describe('a token that ends', () => {
  it('is renewed half a minute before, and a stream changes over from its position', () => {
    const client = new DrivenMachine();
    give(client, 'first', 10 * MINUTE_MS);
    client.goLive('A');
    client.message('A', 7);
    give(client, 'second', 20 * MINUTE_MS);
    // Heartbeats come meanwhile.
    client.timers.delete('silence');
    client.advance(9.5 * MINUTE_MS - 1);
    expect(client.asked).toEqual([false]);
    client.advance(1);
    expect(client.asked).toEqual([false, true]);
    const request = { caseIds: ['A'], position: idOf(7) };
    expect(client.connection).toEqual({ connection: 2, transport: 'sse', token: 'second', request });
    expect(client.states.map(({ name }) => name)).toEqual(['connecting', 'live']);
  });

  it('is renewed after half of its life if that is short', () => {
    const client = new DrivenMachine();
    give(client, 'first', 40_000);
    client.goLive('A');
    client.advance(19_999);
    expect(client.asked).toEqual([false]);
    client.advance(1);
    expect(client.asked).toEqual([false, true]);
  });

  it('that has ended already is renewed after a second, and not in a loop', () => {
    const client = new DrivenMachine();
    give(client, 'first', -1);
    client.goLive('A');
    client.advance(999);
    expect(client.asked).toEqual([false]);
    client.advance(1);
    expect(client.asked).toEqual([false, true]);
  });

  it('in a year is waited for with the longest timer of browsers', () => {
    const client = new DrivenMachine();
    give(client, 'first', 365 * 24 * 60 * MINUTE_MS);
    client.goLive('A');
    expect((client.timers.get('renew') ?? 0) - client.now).toBe(2 ** 31 - 1);
  });

  it('is told on an open Socket.IO connection, which goes on', () => {
    const client = new DrivenMachine(['socket.io']);
    give(client, 'first', 40_000);
    client.goLive('A');
    give(client, 'second', MINUTE_MS);
    client.advance(20_000);
    expect(client.done).toEqual([{ type: 'authenticate', connection: 1, token: 'second' }]);
    expect(client.opened).toHaveLength(1);
  });

  it('leaves the connection alone if the new one is the same', () => {
    const client = new DrivenMachine();
    give(client, 'first', 40_000);
    client.goLive('A');
    client.advance(20_000);
    expect(client.asked).toEqual([false, true]);
    expect(client.opened).toHaveLength(1);
    expect(client.state.name).toBe('live');
  });

  it('is asked for again soon if there is no new one', () => {
    const client = new DrivenMachine();
    give(client, 'first', 40_000);
    client.goLive('A');
    client.token = null;
    client.advance(20_000);
    client.step({ type: 'token-failed', message: 'no session' });
    expect(client.state.name).toBe('live');
    give(client, 'second');
    client.advance(1000);
    expect(client.asked).toEqual([false, true, true]);
    expect(client.connection.token).toBe('second');
  });

  it('is renewed as soon as the connection is live, if that was being made', () => {
    const client = new DrivenMachine();
    give(client, 'first', 4000);
    client.subscribe('A');
    client.advance(2000);
    give(client, 'second', MINUTE_MS);
    client.ready(0);
    expect(client.connection.token).toBe('second');
  });

  it('is changed as soon as the connection is live, if it came while that was being made', () => {
    const client = new DrivenMachine();
    give(client, 'first', 40_000);
    client.goLive('A');
    client.token = null;
    client.advance(20_000);
    client.subscribe('B');
    client.advance(0);
    client.step({ type: 'token', token: 'second', expiresAt: null });
    expect(client.opened.map(({ token }) => token)).toEqual(['first', 'first']);
    client.ready(0); // B was replayed; now both go on.
    client.ready(0);
    expect(client.connection).toMatchObject({ token: 'second', request: { caseIds: ['A', 'B'] } });
    expect(client.opened).toHaveLength(3);
  });

  it.each(['token_expired', 'token_revoked'])(
    'on the side of the gateway (%s) is replaced before the next one',
    (reason) => {
      const client = new DrivenMachine();
      client.goLive('A');
      client.message('A', 3);
      give(client, 'second');
      client.hear({ name: 'closing', data: { reason, retry_ms: 0 } });
      client.advance(0);
      expect(client.asked).toEqual([false, true]);
      expect(client.connection).toMatchObject({ token: 'second', request: { position: idOf(3) } });
    },
  );
});

describe('a token that cannot be had', () => {
  it('is asked for again later, and the state says why', () => {
    const client = new DrivenMachine();
    client.token = null;
    client.subscribe('A');
    client.step({ type: 'token-failed', message: 'no token: the session has ended' });
    expect(client.state).toMatchObject({ name: 'connecting', reason: 'no token: the session has ended' });
    give(client, 'first');
    client.advance(500);
    expect(client.opened).toHaveLength(1);
  });
});

describe('tickets that the token does not cover', () => {
  it('are told as revoked, and the others go on', () => {
    const client = new DrivenMachine();
    client.subscribe('A', 'B');
    client.refuse({ code: 'forbidden', message: 'not B', caseIds: ['B'] });
    expect(client.delivered).toEqual([{ name: 'revoked', data: { case_ids: ['B'], reason: 'rights' } }]);
    expect(client.connection.request.caseIds).toEqual(['A']);
  });

  it('end a client that wants no others', () => {
    const client = new DrivenMachine();
    client.subscribe('A');
    client.refuse({ code: 'forbidden', message: 'not A', caseIds: ['A'] });
    expect(client.state).toEqual({ name: 'idle' });
    expect(client.opened).toHaveLength(1);
  });

  it('are not asked for again when their right has ended', () => {
    const client = new DrivenMachine();
    client.goLive('A', 'B');
    client.hear({ name: 'revoked', data: { case_ids: ['B'], reason: 'rights' } });
    client.end();
    client.advance(500);
    expect(client.connection.request.caseIds).toEqual(['A']);
  });

  it('stay wanted if it is the upstream that refuses them: it may change its mind', () => {
    const client = new DrivenMachine();
    client.goLive('A', 'B');
    client.hear({ name: 'revoked', data: { case_ids: ['B'], reason: 'upstream' } });
    client.end();
    client.advance(500);
    expect(client.connection.request.caseIds).toEqual(['A', 'B']);
  });

  it('are the end if the refusal names none: the page itself is refused', () => {
    const client = new DrivenMachine();
    client.subscribe('A');
    client.refuse({ code: 'forbidden', message: 'the origin is not allowed' });
    expect(client.state).toEqual({ name: 'denied', reason: 'forbidden', message: 'the origin is not allowed' });
  });
});
