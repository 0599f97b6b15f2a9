import type { ConnectionState, GatewayEvent, Ready } from './events.js';
import type { Kept, Request } from './machine-io.js';
import { HeldEvents } from './held-events.js';
import { closing, type LinkName, type ToLeader, type ToTab } from './tab-messages.js';

/** Events that a tab has not taken yet. A tab that is further behind starts again from its position. */
const BEHIND_MOST = 1000;
/** Events of a ticket that are held: enough for a tab that was away for a moment. */
const HELD = 100;

/** What the leader's client hands on. */
export type HeardEvent = Exclude<GatewayEvent, { name: 'closing' | 'heartbeat' }>;

/** What happens to a leader: the tabs, its connection, time. */
export type HubInput =
  | ToLeader
  /** The tab is closed. */
  | { readonly type: 'gone'; readonly tab: string }
  /** The tabs had time to say what they want. */
  | { readonly type: 'gathered' }
  /** Tickets that nobody wants were kept for long enough. */
  | { readonly type: 'lingered' }
  | { readonly type: 'event'; readonly event: HeardEvent }
  /** Everything up to this position has come by `event`. */
  | { readonly type: 'kept'; readonly kept: Kept }
  | { readonly type: 'state'; readonly state: ConnectionState };

/** What the leader does, in this order. */
export type HubEffect =
  | { readonly type: 'send'; readonly tab: string; readonly message: ToTab }
  /** Say when the tab is closed. */
  | { readonly type: 'watch'; readonly tab: string }
  | { readonly type: 'timer'; readonly name: 'gathered' | 'lingered' }
  /** Make the connection, from this position. */
  | { readonly type: 'start'; readonly kept: Kept | null }
  | { readonly type: 'follow'; readonly caseIds: readonly string[] }
  | { readonly type: 'leave'; readonly caseIds: readonly string[] }
  | { readonly type: 'retry' };

interface OpenLink extends LinkName {
  readonly position: string | null;
  readonly caseIds: Set<string>;
  /** `waiting`: for its tickets. `begun`: it has what is held. `live`: it was told `ready`. `behind`: the gateway serves it for now. */
  phase: 'waiting' | 'begun' | 'live' | 'behind';
  replayed: number;
  untaken: number;
}

/**
 * The leader of the tabs, without I/O. To a tab it is like a gateway: it takes a request with a position, replays what it holds
 * since then, says `ready`, and goes on with live events. To the gateway it is one client that wants the tickets of all tabs.
 *
 * A new leader asks all tabs first, and begins at the oldest of their positions. So nothing is lost between two leaders.
 */
export class TabHub {
  private readonly links = new Map<string, OpenLink>();
  private readonly tabs = new Set<string>();
  private readonly held: HeldEvents;
  private readonly followed = new Set<string>();
  /** Those of which all is held that the gateway has replayed. */
  private readonly replayed = new Set<string>();
  /** Those whose first poll is still to come. */
  private readonly pending = new Set<string>();
  /** The last unread count of each ticket. */
  private readonly unread = new Map<string, Extract<GatewayEvent, { name: 'unread' }>>();
  /** Those that the upstream refuses. */
  private readonly refused = new Set<string>();
  private kept: Kept | null = null;
  private phase: 'new' | 'gathering' | 'started' = 'new';
  private state: ConnectionState = { name: 'idle' };
  private upstream: Extract<GatewayEvent, { name: 'upstream' }> | null = null;
  private lastReady: Ready | null = null;
  private lingers = false;
  private effects: HubEffect[] = [];

  /**
   * @param history how many of the last events of a ticket a tab without a position gets
   * @param heldMost how many of the last events of a ticket are held; not less than `history`
   */
  constructor(history: number, heldMost: number = Math.max(HELD, history)) {
    this.held = new HeldEvents(history, heldMost);
  }

  /** @returns what is to be done now */
  step(input: HubInput): HubEffect[] {
    this.effects = [];
    this.take(input);
    return this.effects;
  }

  private take(input: HubInput): void {
    switch (input.type) {
      case 'open':
        return this.open(input, input.request);
      case 'close':
        return this.close(input);
      case 'ping':
        if (this.links.has(nameOf(input))) this.sayAlive(input);
        else this.send(input, { type: 'event', link: input.link, event: closing('leader') });
        return;
      case 'taken': {
        const link = this.links.get(nameOf(input));
        if (link) link.untaken -= input.count;
        return;
      }
      case 'gone':
        this.tabs.delete(input.tab);
        for (const link of [...this.links.values()]) if (link.tab === input.tab) this.close(link);
        return;
      case 'gathered':
        return this.start();
      case 'lingered':
        return this.leaveUnwanted();
      case 'event':
        return this.hear(input.event);
      case 'kept':
        this.kept = input.kept;
        return this.serveAll();
      case 'state':
        return this.change(input.state);
    }
  }

  private open({ tab, link }: LinkName, { caseIds, position }: Request): void {
    const name = nameOf({ tab, link });
    if (this.links.has(name)) return;
    if (!this.tabs.has(tab)) {
      this.tabs.add(tab);
      this.effects.push({ type: 'watch', tab });
    }
    const opened: OpenLink = {
      ...{ tab, link, position, caseIds: new Set(caseIds) },
      ...{ phase: 'waiting', replayed: 0, untaken: 0 },
    };
    this.links.set(name, opened);
    if (this.phase === 'new') {
      this.phase = 'gathering';
      this.effects.push({ type: 'timer', name: 'gathered' });
    }
    if (this.phase !== 'started') return;
    if (this.state.name === 'denied') this.effects.push({ type: 'retry' });
    this.follow(caseIds);
    this.serve(opened);
  }

  private start(): void {
    this.phase = 'started';
    const links = [...this.links.values()];
    const resuming = links.filter(({ position }) => position !== null);
    const positions = resuming.map(({ position }) => position ?? '').sort();
    const [position] = positions;
    const caseIds = [...new Set(resuming.flatMap((link) => [...link.caseIds]))];
    const kept = position === undefined ? null : { position, caseIds };
    if (kept) this.held.begin(caseIds, kept.position);
    this.effects.push({ type: 'start', kept });
    this.follow([...caseIds, ...links.flatMap((link) => [...link.caseIds])]);
  }

  private follow(caseIds: readonly string[]): void {
    const added = [...new Set(caseIds)].filter((id) => !this.followed.has(id));
    if (added.length === 0) return;
    added.forEach((id) => this.followed.add(id));
    this.effects.push({ type: 'follow', caseIds: added });
  }

  private close(link: LinkName): void {
    if (!this.links.delete(nameOf(link)) || this.lingers) return;
    // A tab that adds a ticket closes its link and opens the next one.
    this.lingers = true;
    this.effects.push({ type: 'timer', name: 'lingered' });
  }

  private leaveUnwanted(): void {
    this.lingers = false;
    const wanted = new Set([...this.links.values()].flatMap((link) => [...link.caseIds]));
    const left = [...this.followed].filter((id) => !wanted.has(id));
    if (left.length > 0) this.forget(left);
  }

  private forget(caseIds: readonly string[]): void {
    for (const id of caseIds) {
      [this.followed, this.replayed, this.refused, this.pending].forEach((set) => set.delete(id));
      this.held.forget(id);
      this.unread.delete(id);
    }
    this.effects.push({ type: 'leave', caseIds });
  }

  private serveAll(): void {
    for (const link of [...this.links.values()]) this.serve(link);
  }

  /** Gives a link what is held since its position, as soon as all of its tickets are held. */
  private serve(link: OpenLink): void {
    const { caseIds, position } = link;
    if (link.phase === 'waiting' && this.kept && [...caseIds].every((id) => this.replayed.has(id))) {
      const events = this.held.since(caseIds, position);
      if (events === null) {
        link.phase = 'behind';
        return this.send(link, { type: 'not-held', link: link.link });
      }
      link.phase = 'begun';
      link.replayed = events.length;
      link.untaken -= events.length; // A replay is as large as it is.
      for (const event of events) this.sendEvent(link, event);
    }
    if (link.phase === 'begun' && isLive(this.state)) this.sayReady(link);
  }

  private sayReady(link: OpenLink): void {
    link.phase = 'live';
    if (this.upstream?.data.state === 'degraded') this.sendEvent(link, this.upstream);
    const refused = [...link.caseIds].filter((id) => this.refused.has(id));
    if (refused.length > 0) this.sendEvent(link, { name: 'revoked', data: { case_ids: refused, reason: 'upstream' } });
    for (const id of link.caseIds) {
      const unread = this.unread.get(id);
      if (unread) this.sendEvent(link, unread);
    }
    const { language = '', last_answer_at: answer = null } = this.lastReady ?? {};
    const data: Ready = {
      ...{ case_ids: [...link.caseIds], language, last_event_id: this.kept?.position ?? '' },
      ...{ recovered: link.position !== null, replayed: link.replayed, last_answer_at: answer },
      pending: [...link.caseIds].filter((id) => this.pending.has(id)),
    };
    this.sendEvent(link, { name: 'ready', data });
  }

  private hear(event: HeardEvent): void {
    switch (event.name) {
      case 'message':
      case 'status':
        return this.publish(event);
      case 'gap':
        return this.tell(event, concerns(event.data.case_ids));
      case 'revoked':
        if (event.data.reason === 'rights') return this.revoke(event);
        event.data.case_ids.forEach((id) => this.refused.add(id));
        return this.tell(event, (link) => link.phase === 'live' && concerns(event.data.case_ids)(link));
      case 'upstream':
        if (JSON.stringify(event) === JSON.stringify(this.upstream)) return;
        this.upstream = event;
        return this.tell(event, ({ phase }) => phase === 'live');
      case 'unread':
        this.unread.set(event.data.case_id, event);
        return this.tell(event, (link) => link.phase === 'live' && concerns([event.data.case_id])(link));
      case 'backfilled':
        event.data.case_ids.forEach((id) => this.pending.delete(id));
        return this.tell(event, (link) => link.phase === 'live' && concerns(event.data.case_ids)(link));
      case 'ready':
        this.lastReady = event.data;
        event.data.pending?.forEach((id) => this.pending.add(id));
        this.held.begin(event.data.case_ids, event.data.last_event_id);
        event.data.case_ids.filter((id) => this.followed.has(id)).forEach((id) => this.replayed.add(id));
        return this.serveAll();
    }
  }

  private publish(event: Extract<GatewayEvent, { name: 'message' | 'status' }>): void {
    const { case_id: caseId, id } = event.data;
    const isNew = (position: string | null) => position === null || id > position;
    this.held.add(event);
    this.refused.delete(caseId);
    this.tell(event, ({ phase, caseIds, position }) => phase !== 'waiting' && caseIds.has(caseId) && isNew(position));
  }

  private revoke(event: Extract<GatewayEvent, { name: 'revoked' }>): void {
    const { case_ids: caseIds } = event.data;
    this.tell(event, concerns(caseIds));
    for (const link of this.links.values()) caseIds.forEach((id) => link.caseIds.delete(id));
    this.forget(caseIds);
    this.serveAll();
  }

  private change(state: ConnectionState): void {
    const wasLive = isLive(this.state);
    this.state = state;
    if (isLive(state)) return this.serveAll();
    if (wasLive) this.upstream = null;
    for (const link of [...this.links.values()]) {
      if (state.name === 'denied') {
        this.links.delete(nameOf(link));
        this.send(link, { type: 'refused', link: link.link, refusal: { code: state.reason, message: state.message } });
      } else if (wasLive && link.phase === 'live') {
        this.end(link, 'reason' in state && state.reason ? state.reason : state.name);
      } else {
        this.sayAlive(link);
      }
    }
  }

  private sayAlive(link: LinkName): void {
    const { state } = this;
    const reason = state.name === 'connecting' && state.reason ? { reason: state.reason } : {};
    this.send(link, { type: 'alive', link: link.link, ...reason });
  }

  private tell(event: GatewayEvent, which: (link: OpenLink) => boolean): void {
    for (const link of [...this.links.values()]) if (which(link)) this.sendEvent(link, event);
  }

  private sendEvent(link: OpenLink, event: GatewayEvent): void {
    // The gateway serves it: what came by the leader would be in disorder.
    if (link.phase === 'behind' || !this.links.has(nameOf(link))) return;
    link.untaken += 1;
    if (link.untaken > BEHIND_MOST) this.end(link, 'slow_consumer');
    else this.send(link, { type: 'event', link: link.link, event });
  }

  private end(link: OpenLink, reason: string): void {
    if (!this.links.has(nameOf(link))) return;
    this.close(link);
    this.send(link, { type: 'event', link: link.link, event: closing(reason) });
  }

  private send({ tab }: LinkName, message: ToTab): void {
    this.effects.push({ type: 'send', tab, message });
  }
}

const nameOf = ({ tab, link }: LinkName) => `${tab}/${link}`;
const isLive = ({ name }: ConnectionState) => name === 'live' || name === 'degraded';
const concerns = (caseIds: readonly string[]) => (link: OpenLink) => caseIds.some((id) => link.caseIds.has(id));
