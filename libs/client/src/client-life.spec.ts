import { condition } from '../test/condition.js';
import { idOf, messageEvent } from '../test/model-gateway.js';
import { stream, StreamServer, type Asked } from '../test/stream-server.js';
import type { Client, ConnectOptions, Subscription } from './client-api.js';
import { connect } from './client.js';
import type { GatewayEvent } from './events.js';
import { HandlerQueue } from './handler-queue.js';

const message = (caseId: string, offset: number) => messageEvent({ id: idOf(offset), case_id: caseId });
const READY: GatewayEvent = {
  name: 'ready',
  data: {
    ...{ case_ids: ['A', 'B'], language: 'zh-cn', last_event_id: idOf(0) },
    ...{ recovered: false, replayed: 0, last_answer_at: null },
  },
};

describe('what a client holds', () => {
  let server: StreamServer;
  let client: Client;
  let subscription: Subscription;
  beforeAll(async () => void (server = await StreamServer.start((asked) => stream(asked, READY))));
  afterAll(() => server.dispose());
  beforeEach(() => void (server.asked.length = 0));
  afterEach(() => client.close());

  async function live(options: Partial<ConnectOptions> = {}): Promise<void> {
    client = connect({ url: server.url, token: 'opaque', tabs: false, ...options });
    subscription = client.subscribe(['A', 'B']);
    await condition(() => client.state.name === 'live', 'the state live');
  }
  const last = () => server.asked.at(-1) as Asked;

  it('ends with it: its stream, its timers, and what it watches of the page', async () => {
    const signals: AbortSignal[] = [];
    const given = {
      addEventListener: (_: string, __: unknown, { signal }: { signal: AbortSignal }) => signals.push(signal),
      document: new EventTarget(),
    };
    Object.assign(globalThis, given);
    try {
      await live();
      expect(signals.length).toBeGreaterThan(0);
      client.close();
      await condition(() => last().response.closed, 'the end of the stream');
      expect(signals.every(({ aborted }) => aborted)).toBe(true);
    } finally {
      for (const name of Object.keys(given)) Reflect.deleteProperty(globalThis, name);
    }
  });

  it('is one timer of each kind: an older one would end a connection that has said something since', async () => {
    const silenceMs = 44_444;
    const running = new Set<unknown>();
    const { setTimeout: start, clearTimeout: stop } = globalThis;
    const spies = [
      jest.spyOn(globalThis, 'setTimeout').mockImplementation((run: () => void, ms?: number) => {
        const timer = start(run, ms);
        if (ms === silenceMs) running.add(timer);
        return timer;
      }),
      jest.spyOn(globalThis, 'clearTimeout').mockImplementation((timer) => {
        running.delete(timer);
        stop(timer);
      }),
    ];
    try {
      await live({ silenceMs });
      let isThere = false;
      client.subscribe('A', { onMessage: () => void (isThere = true) });
      stream(last(), message('A', 1));
      await condition(() => isThere, 'the message');
      expect(running.size).toBe(1);
      client.close();
      expect(running.size).toBe(0);
    } finally {
      spies.forEach((spy) => spy.mockRestore());
    }
  });

  it('is the last events of its tickets, in the order of their ids for who comes later', async () => {
    await live();
    const early: string[] = [];
    client.subscribe('B', { onMessage: ({ id }) => void early.push(id) });
    stream(last(), message('A', 1), message('B', 2), message('A', 3), message('B', 4));
    await condition(() => early.length === 2, 'the messages');
    const late: string[] = [];
    client.subscribe(['B', 'A'], { onMessage: ({ id }) => void late.push(id) });
    await condition(() => late.length === 4, 'all of them');
    expect(late).toEqual([1, 2, 3, 4].map(idOf));
  });

  it('is no stream that nobody needs', async () => {
    await live();
    const { response } = last();
    subscription.unsubscribe();
    expect(client.state).toEqual({ name: 'idle' });
    await condition(() => response.closed, 'the end of the stream');
  });

  it('is no loop that waits for a ticket that is left', async () => {
    await live();
    const loop = client.subscribe('A');
    const next = loop[Symbol.asyncIterator]().next();
    loop.unsubscribe();
    const turn = new Promise((resolve) => setImmediate(resolve, 'it still waits'));
    expect(await Promise.race([next, turn])).toEqual({ done: true, value: undefined });
  });

  it('waits for handlers that are behind, with its stream', async () => {
    const room = jest.spyOn(HandlerQueue.prototype, 'room');
    await live();
    await condition(() => room.mock.calls.length > 0, 'the question for room');
    room.mockRestore();
  });

  it('is for the address of the gateway, with a slash at its end or without', async () => {
    await live({ url: `${server.url}/` });
    expect(last().path).toMatch(/^\/v1\/events\?/);
  });
});
