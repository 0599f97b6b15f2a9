import { condition } from '../test/condition.js';
import { modelBrowser } from '../test/model-browser.js';
import type { Client, ConnectOptions } from './client-api.js';
import { Tabs } from './tabs.js';
import type { TransportListener, TransportRequest } from './transport.js';

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const tokenFor = (sub: string, exp = 1) => `${part({ alg: 'HS256' })}.${part({ sub, cases: ['*'], exp })}.signature`;

/** A tab that asks for connections, and those that were made for it. */
class ModelTab {
  readonly made: Partial<ConnectOptions>[] = [];
  readonly heard: string[] = [];
  readonly tabs: Tabs;

  constructor(token: ConnectOptions['token'], user: string | null = null) {
    const client = {
      ...{ state: { name: 'idle' }, lastByteAt: 0, retry: () => undefined, close: () => undefined },
      ...{ onState: () => () => undefined, subscribe: () => ({ unsubscribe: () => undefined }) },
    } as unknown as Client;
    this.tabs = new Tabs(user, {
      ...{ history: 50, pingMs: 60_000, direct: () => ({ close: () => undefined }), token },
      connect: (options) => (this.made.push(options), client),
    });
  }

  async open(token: string | null): Promise<void> {
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
    await this.tabs.open(request, listener);
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
});
