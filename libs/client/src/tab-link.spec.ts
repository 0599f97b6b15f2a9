import { idOf, messageEvent } from '../test/model-gateway.js';
import type { GatewayEvent, Ready } from './events.js';
import { TabLink } from './tab-link.js';
import type { ToLeader } from './tab-messages.js';
import type { TransportListener, TransportRequest } from './transport.js';

/** A link with what it said to the leader, what the machine heard, and the connection that it made for itself. */
function openLink(position: string | null = null, room: () => Promise<void> = () => Promise.resolve()) {
  const said: ToLeader[] = [];
  const heard: string[] = [];
  const own: { request: TransportRequest; listener: TransportListener; isClosed: boolean }[] = [];
  const listener: TransportListener = {
    event: ({ name, data }) => heard.push('reason' in data ? `${name} ${data.reason}` : name),
    alive: (reason) => heard.push(reason === undefined ? 'alive' : `alive ${reason}`),
    refused: ({ code }) => heard.push(code),
    ended: (message) => heard.push(message),
    room,
  };
  const request: TransportRequest = {
    ...{ caseIds: ['A'], position, url: '', token: null, clientId: '' },
    ...{ groupId: undefined, language: undefined, history: undefined },
  };
  const link = new TabLink({
    ...{ tab: 'tab', link: 7, request, listener, post: (message) => said.push(message) },
    direct: (asked, told) => {
      const made = { request: asked, listener: told, isClosed: false };
      own.push(made);
      return { close: () => void (made.isClosed = true) };
    },
  });
  const hear = (event: GatewayEvent) => link.take({ type: 'event', link: 7, event });
  const positionAsked = () => {
    link.open();
    const last = said.at(-1);
    return last?.type === 'open' ? last.request.position : undefined;
  };
  return { link, said, heard, own, hear, positionAsked };
}
const message = (offset: number) => messageEvent({ id: idOf(offset), case_id: 'A' });
const ready = (offset: number): GatewayEvent => ({
  name: 'ready',
  data: { case_ids: ['A'], last_event_id: idOf(offset) } as unknown as Ready,
});

describe('the link of a tab to the tab with the connection', () => {
  it('asks the next leader for what comes after its last event', () => {
    const { hear, positionAsked } = openLink();
    expect(positionAsked()).toBeNull();
    hear(ready(3));
    expect(positionAsked()).toBe(idOf(3));
    hear(message(5));
    expect(positionAsked()).toBe(idOf(5));
  });

  it('asks again for the last events until they have all come: each ticket has its own order', () => {
    const { hear, positionAsked } = openLink();
    hear(message(5));
    expect(positionAsked()).toBeNull();
  });

  it('goes on inside a replay that has a position, and forgets one that nobody knows', () => {
    const { hear, positionAsked } = openLink(idOf(1));
    hear(message(2));
    expect(positionAsked()).toBe(idOf(2));
    hear({ name: 'gap', data: { case_ids: ['A'], reason: 'unknown_position' } });
    expect(positionAsked()).toBeNull();
  });

  it('is given up when three pings have had no answer', () => {
    const { link, said, heard } = openLink();
    for (let count = 0; count < 3; count += 1) link.ping();
    expect(heard).toEqual([]);
    link.ping();
    expect(heard).toEqual(['the tab with the connection does not answer']);
    expect(said.map(({ type }) => type)).toEqual(['ping', 'ping', 'ping', 'close']);
  });

  it('is kept while pings are answered', () => {
    const { link, heard } = openLink();
    for (let count = 0; count < 10; count += 1) {
      link.ping();
      if (count % 3 === 2) link.take({ type: 'alive', link: 7 });
    }
    expect(heard).toEqual(['alive', 'alive', 'alive']);
  });

  it('says why the leader has no connection', () => {
    const { link, heard } = openLink();
    link.take({ type: 'alive', link: 7, reason: 'draining' });
    expect(heard).toEqual(['alive draining']);
  });

  it('gets what the leader does not hold from the gateway, then goes back to the leader', () => {
    const { link, said, heard, own, hear } = openLink(idOf(1));
    hear(message(2));
    link.take({ type: 'not-held', link: 7 });
    expect(own[0]?.request).toMatchObject({ caseIds: ['A'], position: idOf(2) });
    // Of the leader, it takes nothing now.
    hear(message(9));
    expect(heard).toEqual(['message']);
    own[0]?.listener.event(message(3));
    own[0]?.listener.event(ready(9));
    expect(heard).toEqual(['message', 'message', 'ready', 'closing tabs']);
    link.close();
    expect(own[0]?.isClosed).toBe(true);
    expect(said.map(({ type }) => type)).toEqual(['close']);
  });

  it('says how many events were taken, when the handlers have room again', async () => {
    const { said, hear } = openLink();
    for (let offset = 1; offset <= 130; offset += 1) hear(message(offset));
    await new Promise((resolve) => setImmediate(resolve));
    const taken = said.map((each) => (each.type === 'taken' ? each.count : 0));
    expect(taken).toEqual([64, 64]);
  });

  it('says nothing of events that were taken while the handlers are behind', async () => {
    let go: () => void = () => undefined;
    const { said, hear } = openLink(null, () => new Promise((resolve) => (go = resolve)));
    for (let offset = 1; offset <= 64; offset += 1) hear(message(offset));
    await new Promise((resolve) => setImmediate(resolve));
    expect(said).toEqual([]);
    go();
    await new Promise((resolve) => setImmediate(resolve));
    expect(said).toMatchObject([{ type: 'taken', count: 64 }]);
  });

  it('hears nothing more after it was closed', () => {
    const { link, heard, said, hear } = openLink();
    link.close();
    hear(message(1));
    link.take({ type: 'refused', link: 7, refusal: { code: 'unauthorized', message: '' } });
    link.end('away');
    link.ping();
    link.open();
    expect(heard).toEqual([]);
    expect(said.map(({ type }) => type)).toEqual(['close']);
  });
});
