import { condition } from '../test/condition.js';
import { idOf, messageEvent } from '../test/model-gateway.js';
import { stream, StreamServer, type Asked } from '../test/stream-server.js';
import type { Client, ConnectOptions } from './client-api.js';
import { connect } from './client.js';
import type { GatewayEvent, TicketMessage } from './events.js';
import type { Kept } from './machine-io.js';

const message = (caseId: string, offset: number) => messageEvent({ id: idOf(offset), case_id: caseId });
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** The end of the replay that a request asks for. */
function readyOf({ path }: Asked, offset: number): GatewayEvent {
  const caseIds = new URL(path, 'http://gateway').searchParams.get('case_ids')?.split(',') ?? [];
  const answer = { language: 'zh-cn', recovered: false, replayed: 0, last_answer_at: null };
  return { name: 'ready', data: { ...answer, case_ids: caseIds, last_event_id: idOf(offset) } };
}

describe('a client with its handlers', () => {
  let server: StreamServer;
  let answer: (asked: Asked) => void;
  const clients: Client[] = [];
  const errors: unknown[] = [];
  beforeAll(async () => void (server = await StreamServer.start((asked) => answer(asked))));
  afterAll(() => server.dispose());
  beforeEach(() => {
    errors.length = server.asked.length = 0;
    answer = (asked) => stream(asked, readyOf(asked, 0));
  });
  afterEach(() => clients.splice(0).forEach((client) => client.close()));

  function open(options: Partial<ConnectOptions> = {}): Client {
    const client = connect({ url: server.url, token: 'opaque', onError: (error) => errors.push(error), ...options });
    clients.push(client);
    return client;
  }
  const live = (client: Client) => condition(() => client.state.name === 'live', 'the state live');
  const say = (...events: GatewayEvent[]) => stream(server.asked.at(-1) as Asked, ...events);

  it('keeps a position when an asynchronous handler has returned, and one after the other', async () => {
    const saved: string[] = [];
    const finish: (() => void)[] = [];
    const save = async ({ position }: Kept) => {
      await turn();
      saved.push(position);
    };
    const client = open({ store: { load: () => null, save } });
    client.subscribe('A', { onMessage: () => new Promise<void>((resolve) => finish.push(resolve)) });
    await live(client);
    say(message('A', 1), message('A', 2));
    await condition(() => finish.length === 1, 'the first handler');
    await condition(() => saved.length === 1, 'the position of ready');
    await turn();
    expect(saved).toEqual([idOf(0)]);
    finish[0]?.();
    await condition(() => finish.length === 2, 'the second handler');
    finish[1]?.();
    await condition(() => saved.length === 3, 'the last position');
    expect(saved).toEqual([idOf(0), idOf(1), idOf(2)]);
  });

  it('saves one position after the other, so that an older one never replaces a newer one', async () => {
    const saved: string[] = [];
    const begun: string[] = [];
    let finish: () => void = () => undefined;
    const save = async ({ position }: Kept) => {
      begun.push(position);
      if (position === idOf(0)) await new Promise<void>((resolve) => (finish = resolve));
      saved.push(position);
    };
    let handled = 0;
    const client = open({ store: { load: () => null, save } });
    client.subscribe('A', { onMessage: () => void (handled += 1) });
    await live(client);
    say(message('A', 1), message('A', 2));
    await condition(() => handled === 2 && begun.length > 0, 'both messages');
    await turn();
    expect([begun, saved]).toEqual([[idOf(0)], []]);
    finish();
    await condition(() => saved.length === 3, 'all positions');
    expect(saved).toEqual([idOf(0), idOf(1), idOf(2)]);
  });

  it('does not call a handler after its unsubscribe, also if another one did that for the same event', async () => {
    const got: string[] = [];
    const client = open();
    client.subscribe('A', {
      onMessage: ({ id }) => {
        got.push(`first ${id}`);
        second.unsubscribe();
      },
    });
    const second = client.subscribe('A', { onMessage: ({ id }) => void got.push(`second ${id}`) });
    await live(client);
    say(message('A', 1), message('A', 2));
    await condition(() => got.includes(`first ${idOf(2)}`), 'both messages');
    await turn();
    expect(got).toEqual([`first ${idOf(1)}`, `first ${idOf(2)}`]);
  });

  it('reports what handlers and stores throw, and goes on', async () => {
    const got: string[] = [];
    const store = { load: () => Promise.reject(new Error('no store')), save: () => Promise.reject(new Error('full')) };
    const client = open({ store });
    client.onState(() => {
      throw new Error('in the listener');
    });
    client.subscribe('A', {
      onMessage: ({ id }) => {
        got.push(id);
        throw new Error('in the handler');
      },
    });
    await live(client);
    say(message('A', 1), message('A', 2));
    await condition(() => got.length === 2, 'both messages');
    await condition(() => errors.filter((error) => String(error).includes('full')).length >= 3, 'three saves');
    const texts = new Set(errors.map(String));
    expect([...texts].sort()).toEqual([
      ...['Error: full', 'Error: in the handler', 'Error: in the listener', 'Error: no store'],
    ]);
  });

  it('lets a handler subscribe, unsubscribe and close, and keeps the order', async () => {
    const got: string[] = [];
    const client = open();
    const first = client.subscribe('A', {
      onMessage: ({ id }) => {
        got.push(`first ${id}`);
        if (id !== idOf(1)) return;
        first.unsubscribe();
        client.subscribe('A', { onMessage: (event) => void got.push(`second ${event.id}`) });
      },
    });
    client.subscribe('A', {
      onMessage: ({ id }) => {
        got.push(`third ${id}`);
        if (id === idOf(3)) client.close();
      },
    });
    await live(client);
    say(message('A', 1), message('A', 2), message('A', 3), message('A', 4));
    await condition(() => client.state.name === 'closed', 'the end');
    await turn();
    expect(got.filter((text) => text.startsWith('first'))).toEqual([`first ${idOf(1)}`]);
    expect(got.filter((text) => text.startsWith('third')).slice(0, 3)).toEqual(
      [1, 2, 3].map((offset) => `third ${idOf(offset)}`),
    );
    expect(got.filter((text) => text.startsWith('second'))).toContain(`second ${idOf(2)}`);
  });

  it('gives a ticket that is left and followed again each event once, also while a handler is slow', async () => {
    answer = (asked) =>
      stream(asked, ...(server.asked.length > 1 ? [message('A', 1), message('A', 2)] : []), readyOf(asked, 2));
    let finish: () => void = () => undefined;
    let isBusy = false;
    const client = open();
    const first = client.subscribe('A', {
      onMessage: () => new Promise<void>((resolve) => ((finish = resolve), (isBusy = true))),
    });
    await live(client);
    say(message('A', 1), message('A', 2));
    await condition(() => isBusy, 'the first message');
    await turn();
    first.unsubscribe();
    const got: string[] = [];
    client.subscribe('A', { onMessage: ({ id }) => void got.push(id) });
    finish();
    await live(client);
    say(message('A', 3));
    await condition(() => got.includes(idOf(3)), 'the live message');
    expect(got).toEqual([idOf(1), idOf(2), idOf(3)]);
  });

  it('gives a subscription that comes late the last events, then live ones, by one connection', async () => {
    const client = open();
    client.subscribe('A');
    await live(client);
    say(...Array.from({ length: 60 }, (_, at) => message('A', at + 1)));
    const early: string[] = [];
    client.subscribe('A', { onMessage: ({ id }) => void early.push(id) });
    await condition(() => early.at(-1) === idOf(60), 'all of them');
    const late: string[] = [];
    client.subscribe('A', { onMessage: ({ id }) => void late.push(id) });
    say(message('A', 61));
    await condition(() => late.at(-1) === idOf(61), 'the live one');
    expect(late).toEqual(Array.from({ length: 51 }, (_, at) => idOf(at + 11)));
    expect(server.asked).toHaveLength(1);
  });

  it('gives a loop the next event when it asks, and leaves with the loop', async () => {
    const saved: Kept[] = [];
    const client = open({ store: { load: () => null, save: (kept) => void saved.push(kept) } });
    const got: TicketMessage[] = [];
    const loop = (async () => {
      for await (const event of client.subscribe('A')) {
        if (event.name !== 'message') continue;
        got.push(event.data);
        await turn();
        expect(saved.at(-1)?.position).not.toBe(event.data.id);
        if (got.length === 2) break;
      }
    })();
    await live(client);
    say(message('A', 1), message('A', 2), message('A', 3));
    await loop;
    expect(got.map(({ id }) => id)).toEqual([idOf(1), idOf(2)]);
    expect(client.state.name).toBe('idle');
  });

  it('reads its store first, and goes on from there', async () => {
    const client = open({
      store: { load: async () => ({ position: idOf(5), caseIds: ['A'] }), save: () => undefined },
    });
    client.subscribe('A');
    await live(client);
    expect(server.asked.map(({ path }) => new URL(path, server.url).searchParams.get('last_event_id'))).toEqual([
      idOf(5),
    ]);
  });

  it('names the same client with each connection, so that the new one takes the place of the former', async () => {
    const client = open();
    client.subscribe('A');
    await live(client);
    server.asked[0]?.response.destroy();
    await condition(() => server.asked.length === 2, 'the next connection');
    const names = server.asked.map(({ path }) => new URL(path, server.url).searchParams.get('client_id'));
    expect(names[0]).toMatch(/^.{16,}$/);
    expect(names[1]).toBe(names[0]);
  });

  it('asks for a token again, with `fresh`, when the gateway refuses it, and says so if that does not help', async () => {
    const asked: boolean[] = [];
    answer = ({ response }) => response.writeHead(401).end(JSON.stringify({ code: 'unauthorized', detail: 'ended' }));
    const client = open({ token: ({ fresh }) => (asked.push(fresh), `token-${asked.length}`) });
    client.subscribe('A');
    await condition(() => client.state.name === 'denied', 'the state denied');
    expect(client.state).toEqual({ name: 'denied', reason: 'unauthorized', message: 'ended' });
    expect(asked).toEqual([false, true]);
    expect(server.asked.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  it('asks for unread counts if it is told to, and tells a later subscription the last ones', async () => {
    const counts: number[] = [];
    const client = open({ unread: true });
    const onUnread = ({ unread_num: count }: { readonly unread_num: number }) => void counts.push(count);
    client.subscribe('A', { onUnread });
    await live(client);
    expect(new URL(server.asked[0]?.path ?? '', 'http://gateway').searchParams.get('unread')).toBe('1');
    const unread = { case_id: 'A', status: 1, seen_at: '' };
    say({ name: 'unread', data: { ...unread, id: idOf(1), unread_num: 3 } });
    await condition(() => counts.length === 1, 'the count');
    client.subscribe('A', { onUnread });
    await condition(() => counts.length === 2, 'the count again');
    expect(counts).toEqual([3, 3]);
    open().subscribe('A');
    await condition(() => server.asked.length === 2, 'another client');
    expect(server.asked[1]?.path).not.toContain('unread');
  });
});
