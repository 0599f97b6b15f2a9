import type { Effect, Kept } from '../src/machine-io.js';
import type { GatewayEvent } from '../src/events.js';
import { TabHub, type HeardEvent, type HubEffect, type HubInput } from '../src/tab-hub.js';
import { TabLink } from '../src/tab-link.js';
import type { ToLeader, ToTab } from '../src/tab-messages.js';
import type { Link, TransportListener, TransportRequest } from '../src/transport.js';
import { ModelClient } from './model-client.js';
import { HISTORY, ModelGateway, type ModelConnection } from './model-gateway.js';

/** So few that tabs that were away are behind what the leader holds. */
const HELD = 4;
/** The leader's client, with a stream of the gateway. */
class ModelLeaderClient extends ModelClient {
  connection: ModelConnection | null = null;

  constructor(
    private readonly gateway: ModelGateway,
    private readonly from: Kept | null,
    private readonly hub: (input: HubInput) => void,
  ) {
    super(['sse']);
  }

  receive(): boolean {
    const { connection } = this;
    const event = connection?.queue.shift();
    if (connection && event) this.step({ type: 'event', connection: connection.number, event });
    return event !== undefined;
  }

  cut(): void {
    const { connection } = this;
    if (connection) this.step({ type: 'ended', connection: connection.number, message: 'cut' });
  }

  protected handled(event: GatewayEvent): void {
    this.hub({ type: 'event', event: event as HeardEvent });
  }

  protected open({ connection, request }: Extract<Effect, { type: 'open' }>): void {
    this.connection = this.gateway.connect(connection);
    this.gateway.request(this.connection, request.caseIds, request.position);
  }

  protected hangUp(): void {
    if (this.connection) this.gateway.end(this.connection);
    this.connection = null;
  }

  protected override restored(): Kept | null {
    return this.from;
  }

  protected save(kept: Kept): void {
    this.hub({ type: 'kept', kept });
  }

  protected override changed({ state }: Extract<Effect, { type: 'state' }>): void {
    this.hub({ type: 'state', state });
  }
}

/** The tab that leads: its hub, and its client as soon as it has one. */
export class ModelLeader {
  readonly inbox: ToLeader[] = [];
  client: ModelLeaderClient | null = null;
  private readonly hub = new TabHub(HISTORY, HELD);
  private readonly due = new Set<'gathered' | 'lingered'>();

  constructor(private readonly world: ModelTabs) {}

  step(input: HubInput): void {
    for (const effect of this.hub.step(input)) this.perform(effect);
  }

  hear(): boolean {
    const message = this.inbox.shift();
    if (message) this.step(message);
    return message !== undefined;
  }

  time(name: 'gathered' | 'lingered'): boolean {
    if (!this.due.delete(name)) return false;
    this.step({ type: name });
    return true;
  }

  end(): void {
    this.client?.step({ type: 'close' });
  }

  private perform(effect: HubEffect): void {
    switch (effect.type) {
      case 'send':
        return void this.world.tabs.get(effect.tab)?.inbox.push(effect.message);
      case 'timer':
        return void this.due.add(effect.name);
      case 'start':
        this.client = new ModelLeaderClient(this.world.gateway, effect.kept, (input) => this.step(input));
        return;
      case 'follow':
        return this.client?.step({ type: 'subscribe', caseIds: effect.caseIds });
      case 'leave':
        return this.client?.step({ type: 'unsubscribe', caseIds: effect.caseIds });
      case 'retry':
        return this.client?.step({ type: 'retry' });
      case 'watch':
    }
  }
}

/** A tab: its client, the stream that the leader carries, and what its handlers got. */
export class ModelTab extends ModelClient {
  readonly inbox: ToTab[] = [];
  readonly handledIds: Map<string, string[]>;
  readonly followed = new Set<string>();
  /** Up to where the first replay of a ticket came: everything after that has to be handled. */
  readonly replayedTo: Map<string, string>;
  /** The last id of each ticket before the page was loaded. */
  private readonly before: ReadonlyMap<string, string>;
  private kept: Kept | null;
  private readonly links = new Map<number, TabLink>();
  private direct: { readonly connection: ModelConnection; readonly listener: TransportListener } | null = null;

  constructor(
    private readonly world: ModelTabs,
    readonly name: string,
    before: ModelTab | null = null,
  ) {
    super(['tabs']);
    this.kept = before?.kept ?? null;
    // What is not in the store is forgotten.
    const isKept = ([id]: [string, unknown]) => this.kept?.caseIds.includes(id);
    this.handledIds = new Map([...(before?.handledIds ?? [])].filter(isKept));
    this.before = new Map([...this.handledIds].map(([id, ids]) => [id, ids.at(-1) ?? '']));
    this.replayedTo = new Map([...(before?.replayedTo ?? [])].filter(isKept));
  }

  follow(caseId: string): void {
    if (this.followed.has(caseId)) return;
    this.followed.add(caseId);
    this.step({ type: 'subscribe', caseIds: [caseId] });
  }

  hear(): boolean {
    const message = this.inbox.shift();
    if (message) this.links.get(message.link)?.take(message);
    return message !== undefined;
  }

  receive(): boolean {
    const event = this.direct?.connection.queue.shift();
    if (event) this.direct?.listener.event(event);
    return event !== undefined;
  }

  newLeader(): void {
    this.links.forEach((link) => link.open());
  }

  /** As when the page is frozen: it leaves the group and joins it again. */
  leave(): void {
    for (const link of [...this.links.values()]) link.end('away');
    this.inbox.length = 0;
  }

  protected override restored(): Kept | null {
    return this.kept;
  }

  protected save(kept: Kept): void {
    this.kept = kept;
  }

  protected handled(event: GatewayEvent): void {
    if (event.name === 'ready') {
      const { case_ids: caseIds, last_event_id: last } = event.data;
      const replayed = (id: string) => this.handledIds.get(id)?.at(-1) ?? last;
      for (const id of caseIds) if (!this.replayedTo.has(id)) this.replayedTo.set(id, replayed(id));
    }
    if (event.name !== 'message') return;
    const { case_id: caseId, id } = event.data;
    // The position of a store may be a little older than what was handled: the page knows these by their ids.
    if (id <= (this.before.get(caseId) ?? '')) return;
    this.handledIds.set(caseId, [...(this.handledIds.get(caseId) ?? []), id]);
  }

  protected open({ connection, request }: Extract<Effect, { type: 'open' }>): void {
    const wanted: TransportRequest = {
      ...request,
      ...{ url: '', token: null, groupId: undefined, language: undefined, history: undefined, clientId: '' },
    };
    const listener: TransportListener = {
      event: (event) => this.step({ type: 'event', connection, event }),
      alive: () => this.step({ type: 'alive', connection }),
      refused: (refusal) => this.step({ type: 'refused', connection, refusal }),
      ended: (message) => this.step({ type: 'ended', connection, message }),
      room: () => Promise.resolve(),
    };
    const post = (message: ToLeader) => this.world.leader?.inbox.push(message);
    const direct = (asked: TransportRequest, told: TransportListener): Link => this.openDirect(asked, told);
    const link = new TabLink({ tab: this.name, link: connection, request: wanted, listener, post, direct });
    this.links.set(connection, link);
    link.open();
  }

  protected hangUp(connection: number): void {
    this.links.get(connection)?.close();
    this.links.delete(connection);
  }

  private openDirect({ caseIds, position }: TransportRequest, listener: TransportListener): Link {
    const connection = this.world.gateway.connect(0);
    this.world.gateway.request(connection, caseIds, position);
    this.direct = { connection, listener };
    this.world.directs += 1;
    return {
      close: () => {
        this.world.gateway.end(connection);
        if (this.direct?.connection === connection) this.direct = null;
      },
    };
  }
}

/** A browser with tabs of one user. The first of them leads. */
export class ModelTabs {
  readonly gateway = new ModelGateway();
  readonly tabs = new Map<string, ModelTab>();
  leader: ModelLeader | null = null;
  /** Connections that tabs made for themselves. */
  directs = 0;
  private leads = '';
  private opened = 0;

  open(): void {
    this.opened += 1;
    const name = `tab${this.opened}`;
    this.tabs.set(name, new ModelTab(this, name));
    this.elect();
  }

  tab(at: number): ModelTab {
    const tabs = [...this.tabs.values()];
    const tab = tabs[at % tabs.length];
    if (!tab) throw new Error('there is no tab');
    return tab;
  }

  /** A tab is closed, or crashes. The next one leads. */
  close(tab: ModelTab): void {
    if (this.tabs.size === 1) return;
    this.tabs.delete(tab.name);
    tab.step({ type: 'close' });
    this.leader?.step({ type: 'gone', tab: tab.name });
    if (this.leads === tab.name) this.elect();
  }

  /** A page goes on from its store: what was not handled comes again. */
  reload(tab: ModelTab): void {
    this.opened += 1;
    const next = new ModelTab(this, `tab${this.opened}`, tab);
    this.tabs.set(next.name, next);
    this.close(tab);
    for (const caseId of tab.followed) next.follow(caseId);
  }

  /** A page is frozen. It joins the others again, as the last one. */
  away(tab: ModelTab): void {
    tab.leave();
    this.leader?.step({ type: 'gone', tab: tab.name });
    this.tabs.delete(tab.name);
    this.tabs.set(tab.name, tab);
    if (this.leads === tab.name) this.elect();
  }

  settle(): void {
    for (let turns = 0; turns < 5000; turns += 1) {
      if (!this.work('handle') && !this.work('hear') && !this.work('receive') && !this.wait()) return;
    }
    throw new Error('the tabs do not come to rest');
  }

  work(what: 'handle' | 'hear' | 'receive'): boolean {
    const { leader } = this;
    const ofLeader = what === 'hear' ? leader?.hear() : leader?.client?.[what]();
    return [...this.tabs.values()].map((tab) => tab[what]()).some(Boolean) || ofLeader === true;
  }

  private wait(): boolean {
    const waited = [...this.tabs.values(), this.leader?.client].map((each) => each?.time());
    return waited.some(Boolean) || this.leader?.time('gathered') === true || this.leader?.time('lingered') === true;
  }

  private elect(): void {
    const [first] = this.tabs.values();
    if (!first || this.leads === first.name) return;
    this.leader?.end();
    this.leads = first.name;
    this.leader = new ModelLeader(this);
    for (const tab of this.tabs.values()) tab.newLeader();
  }
}
