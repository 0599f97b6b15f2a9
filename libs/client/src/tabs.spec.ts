import { condition } from '../test/condition.js';
import { modelBrowser } from '../test/model-browser.js';
import type { Client, ConnectOptions, Handlers } from './client-api.js';
import type { ConnectionState } from './events.js';
import { Tabs } from './tabs.js';
import type { Link, TransportListener, TransportRequest } from './transport.js';

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const tokenFor = (sub: string, exp = 1) => `${part({ alg: 'HS256' })}.${part({ sub, cases: ['*'], exp })}.signature`;

/** A tab that asks for connections, and those that were made for it. */
class ModelTab {
  readonly made: Partial<ConnectOptions>[] = [];
  readonly heard: string[] = [];
  /** What its connection hands on, by ticket. */
  readonly followed = new Map<string, Handlers>();
  readonly left: string[] = [];
  tell: (state: ConnectionState) => void = () => undefined;
  isClosed = false;
  readonly tabs: Tabs;

  constructor(token: ConnectOptions['token'], user: string | null = null) {
    const client = {
      ...{ state: { name: 'idle' }, lastByteAt: 0, retry: () => undefined, close: () => (this.isClosed = true) },
      onState: (listener: ModelTab['tell']) => (this.tell = listener),
      subscribe: (caseId: string, handlers: Handlers) => {
        this.followed.set(caseId, handlers);
        return { unsubscribe: () => this.left.push(caseId) };
      },
    } as unknown as Client;
    this.tabs = new Tabs(user, {
      ...{ history: 50, pingMs: 60_000, direct: () => ({ close: () => undefined }), token },
      connect: (options) => (this.made.push(options), client),
    });
  }

  async open(token: string | null): Promise<Link> {
    const request: TransportRequest = {
      ...{ caseIds: ['A'], position: null, url: 'https://push.example', token, clientId: 'tab' },
      ...{ groupId: undefined, language: undefined, history: undefined },
    };
    const listener: TransportListener = {
      event: ({ name, data }) => this.heard.push('reason' in data ? `${name} ${data.reason}` : name),
      alive: () => undefined,
      refused: ({ code }) => this.heard.push(code),
      ended: (message) => this.heard.push(message),
      room: () => Promise.resolve(),
    };
    return this.tabs.open(request, listener);
  }

  /** Its connection has replayed A up to this position, and is live. */
  ready(position: string): void {
    const [{ store } = {}] = this.made;
    void store?.save({ position, caseIds: ['A'] });
    this.followed.get('A')?.onReady?.({
      ...{ case_ids: ['A'], language: 'zh-cn', last_event_id: position },
      ...{ recovered: false, replayed: 0, last_answer_at: null },
    });
    this.tell({ name: 'live', transport: 'sse' });
  }

  /** What the connection that it made asks for, when its token has to be renewed. */
  async renewed(): Promise<unknown> {
    const [{ token } = {}] = this.made;
    return typeof token === 'function' ? token({ fresh: true }) : token;
  }
}

describe('tabs of one browser', () => {
  const tabs: ModelTab[] = [];
  let restore: () => void;
  beforeAll(() => void (restore = modelBrowser()));
  afterEach(() => tabs.splice(0).forEach((tab) => tab.tabs.close()));
  afterAll(() => restore());
  const tab = (...options: ConstructorParameters<typeof ModelTab>) => {
    const opened = new ModelTab(...options);
    tabs.push(opened);
    return opened;
  };
  const connected = (...those: ModelTab[]) =>
    condition(() => those.every(({ made }) => made.length === 1), 'a connection of each');

  it('share a connection if their tokens are of one user, and make one each if they are not', async () => {
    const [ada, again, bob] = [tab(undefined), tab(undefined), tab(undefined)];
    await ada.open(tokenFor('ada', 1));
    await again.open(tokenFor('ada', 2));
    await bob.open(tokenFor('bob'));
    await connected(ada, bob);
    expect(again.made).toEqual([]);
    ada.tabs.close();
    await connected(again);
  });

  it('go on with a token of the same user that is renewed', async () => {
    const ada = tab(({ fresh }) => tokenFor('ada', fresh ? 2 : 1));
    await ada.open(tokenFor('ada', 1));
    await connected(ada);
    expect(await ada.renewed()).toBe(tokenFor('ada', 2));
    expect(ada.heard).toEqual([]);
  });

  it('get another leader when another user signs in at the one that leads: its token is not used for them', async () => {
    const [first, second] = [tab(() => tokenFor('bob')), tab(() => tokenFor('ada'))];
    await first.open(tokenFor('ada'));
    await second.open(tokenFor('ada'));
    await connected(first);
    await expect(first.renewed()).rejects.toThrow('another user has signed in');
    expect(first.heard).toEqual(['closing tabs']);
    await connected(second);
    expect(await second.renewed()).toBe(tokenFor('ada'));
  });

  it('are told each kind of event that the connection of the one that leads has', async () => {
    const [ada, again] = [tab(undefined), tab(undefined)];
    await ada.open(tokenFor('ada'));
    await connected(ada);
    await again.open(tokenFor('ada'));
    ada.ready('1');
    await condition(() => again.heard.length === 1, 'the end of the replay');
    const of = { case_id: 'A', seen_at: '' };
    const { onMessage, onStatus, onUnread, onGap, onRevoked, onBackfilled, onUpstream } = ada.followed.get('A') ?? {};
    onMessage?.({ ...of, id: '2', message: {}, sent_at: null });
    onStatus?.({ ...of, id: '3', status: 1 });
    onUnread?.({ ...of, id: '4', unread_num: 2, status: 1 });
    onGap?.({ case_ids: ['A', 'B'], reason: 'unknown_position' });
    onRevoked?.({ case_ids: ['A', 'B'], reason: 'upstream' });
    onBackfilled?.({ case_ids: ['A', 'B'] });
    onUpstream?.({ state: 'degraded', reason: 'upstream_timeout', since: '' });
    await condition(() => again.heard.length >= 8, 'all of them');
    expect(again.heard).toEqual([
      ...['ready', 'message', 'status', 'unread', 'gap unknown_position', 'revoked upstream', 'backfilled'],
      'upstream upstream_timeout',
    ]);
  });

  it('end the subscription of a ticket that none of them wants, after a while, and the connection with the tab', async () => {
    let lingered: () => void = () => undefined;
    const { setTimeout: later } = globalThis;
    const timers = jest.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, ms?: number) => {
      if (ms !== 5000) return later(run, ms);
      lingered = run;
      return undefined;
    }) as typeof setTimeout);
    try {
      const ada = tab(undefined);
      const link = await ada.open(tokenFor('ada'));
      await connected(ada);
      await condition(() => ada.followed.has('A'), 'the subscription');
      link.close();
      await condition(() => (lingered(), ada.left.length > 0), 'its end');
      expect(ada.left).toEqual(['A']);
      expect(ada.isClosed).toBe(false);
      ada.tabs.close();
      expect(ada.isClosed).toBe(true);
    } finally {
      timers.mockRestore();
    }
  });

  it.each([
    ['is put aside for the way back', 'pagehide'],
    ['is frozen', 'freeze'],
  ])('do without the one that %s, and it joins again when it is back', async (_, name) => {
    const [first, second] = [tab(undefined), tab(undefined)];
    await first.open(tokenFor('ada'));
    await connected(first);
    const target = name === 'freeze' ? document : globalThis;
    target.dispatchEvent(new Event(name));
    expect(first.heard).toEqual(['closing away']);
    await second.open(tokenFor('ada'));
    await connected(second);
    await first.open(tokenFor('ada'));
    second.tabs.close();
    await condition(() => first.made.length === 2, 'the tab that leads again');
  });

  it('do without the one in which another user has signed in', async () => {
    const [first, second] = [tab(undefined), tab(undefined)];
    await first.open(tokenFor('ada'));
    await connected(first);
    await first.open(tokenFor('bob'));
    expect(first.heard).toEqual(['closing tabs']);
    await second.open(tokenFor('ada'));
    await connected(second);
  });

  it('do without the one that is closed while it joins', async () => {
    const [first, second] = [tab(undefined), tab(undefined)];
    const opening = first.open(tokenFor('ada'));
    first.tabs.close();
    (await opening).close();
    await second.open(tokenFor('ada'));
    await connected(second);
    expect(first.made).toEqual([]);
  });
});
