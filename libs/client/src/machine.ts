import type { Closing, ConnectionState, GatewayEvent, Ready, Refusal, Transport } from './events.js';
import { Attempts } from './attempts.js';
import { HeldToken, renewalMs } from './held-token.js';
import { Tickets } from './tickets.js';
import type { Effect, Input, Kept, MachineOptions, TimerName } from './machine-io.js';

/** Where the connection is. The transitions are drawn in README.md. */
type Phase = 'idle' | 'restoring' | 'authorizing' | 'opening' | 'live' | 'waiting' | 'offline' | 'denied' | 'closed';

const NOT_READY = 'no answer in time, or something buffers the stream';

/**
 * The client without I/O: inputs in, effects out, synchronously. It decides when to connect, with which tickets and position,
 * which events are new, and when a position may be kept.
 *
 * Two rules keep it from losing events. A position is kept in the store when the handlers of its event have returned, and not
 * when the event came. An event of a ticket that is being added does not move the position: its replay is older than what
 * other tickets have got.
 */
export class Machine {
  private phase: Phase = 'idle';
  private readonly tickets = new Tickets();
  /** What to keep when the handlers of each delivered event have returned; null: nothing. */
  private readonly pending: (Kept | null)[] = [];
  private state: ConnectionState = { name: 'idle' };
  private connection = 0;
  private readonly attempts: Attempts;
  private restored = false;
  private readonly token = new HeldToken();
  /** ms since 1970; 0 before the first byte. */
  lastByteAt = 0;
  private degraded: string | null = null;
  private effects: Effect[] = [];

  constructor(private readonly options: MachineOptions) {
    this.attempts = new Attempts(options.transports, options.retryMaxMs, options.random);
  }

  get transport(): Transport {
    return this.attempts.transport;
  }

  /** @returns what is to be done now */
  step(input: Input): Effect[] {
    this.effects = [];
    if (this.phase !== 'closed') this.take(input);
    return this.effects;
  }

  private take(input: Input): void {
    switch (input.type) {
      case 'subscribe':
        return this.subscribe(input.caseIds);
      case 'unsubscribe':
        return this.unsubscribe(input.caseIds);
      case 'restored':
        return this.restore(input.kept);
      case 'token':
        return this.takeToken(input.token, input.expiresAt);
      case 'token-failed':
        if (this.phase === 'authorizing') this.fail({ code: 'network', message: input.message });
        else this.timer('renew', this.attempts.delayMs);
        return;
      case 'handled':
        return this.handled();
      case 'timer':
        return this.due(input.name);
      case 'retry':
        if (this.phase === 'denied' || this.phase === 'waiting') this.start();
        return;
      case 'online':
        if (this.phase === 'offline' || this.phase === 'waiting') this.start();
        return;
      case 'offline':
        if (this.phase !== 'idle' && this.phase !== 'denied') this.enter('offline', { name: 'offline' });
        return;
      case 'resumed':
        return this.resumed();
      case 'close':
        this.enter('closed', { name: 'closed' });
        return;
      default:
        if (input.connection === this.connection && (this.phase === 'opening' || this.phase === 'live')) {
          this.hear(input);
        }
    }
  }

  private hear(input: Extract<Input, { connection: number }>): void {
    this.lastByteAt = this.options.now();
    switch (input.type) {
      case 'alive':
        if (input.reason && this.phase === 'opening') this.tell({ name: 'connecting', reason: input.reason });
        return this.timer('silence', this.options.silenceMs);
      case 'event':
        this.timer('silence', this.options.silenceMs);
        if (this.phase === 'opening') this.awaitReady();
        return this.event(input.event);
      case 'refused':
        return this.refused(input.refusal);
      case 'ended':
        return this.fail({ code: 'network', message: input.message });
    }
  }

  private restore(kept: Kept | null): void {
    this.restored = true;
    if (kept) this.tickets.restore(kept);
    if (this.phase === 'restoring') this.start();
  }

  private subscribe(caseIds: readonly string[]): void {
    const isNew = this.tickets.add(caseIds);
    if (this.phase === 'idle' || this.phase === 'denied') {
      this.start();
    } else if (isNew) {
      this.timer('plan', 0); // A page whose components subscribe each for itself makes one request.
    }
  }

  private unsubscribe(caseIds: readonly string[]): void {
    this.tickets.remove(caseIds);
    if (this.tickets.isEmpty) {
      this.enter('idle', { name: 'idle' });
    } else if (this.phase === 'live' && this.transport === 'socket.io') {
      this.effects.push({ type: 'leave', connection: this.connection, caseIds });
    }
  }

  /** Goes through what a connection needs: the stored position, a token, a transport. */
  private start(): void {
    if (this.tickets.isEmpty) return this.enter('idle', { name: 'idle' });
    if (!this.restored) {
      this.enter('restoring', { name: 'connecting' });
      this.effects.push({ type: 'restore' });
      return;
    }
    this.enter('authorizing', { name: 'connecting' });
    this.askToken();
  }

  private askToken(): void {
    this.effects.push({ type: 'ask-token', fresh: this.token.wantsFresh });
  }

  private takeToken(token: string | null, expiresAt: number | null): void {
    this.token.take(token);
    if (expiresAt !== null) this.timer('renew', renewalMs(expiresAt - this.options.now()));
    if (this.phase === 'authorizing') this.open();
    else if (this.phase === 'live') this.changeToken();
  }

  /** A stream has the token of its request. The position makes the change unnoticeable. */
  private changeToken(): void {
    if (!this.token.isRenewed) return;
    if (this.transport !== 'socket.io') return this.open();
    this.effects.push({ type: 'authenticate', connection: this.connection, token: this.token.use() });
  }

  /**
   * A stream serves either the tickets that are joined, from the position, or those that are fresh, from their last events.
   * So tickets that are added are replayed by a stream of their own, and then all go on together.
   */
  private open(): void {
    const isQuiet = this.phase === 'live' || this.state.name === 'live';
    this.enter('opening', isQuiet ? null : { name: 'connecting' });
    this.connection += 1;
    const request = this.tickets.next(this.transport);
    const { connection, transport } = this;
    this.effects.push({ type: 'open', connection, transport, token: this.token.use(), request });
    this.awaitReady();
    this.timer('silence', this.options.silenceMs);
  }

  /** The tab with the connection waits for its gateway itself, and says meanwhile that it is there. */
  private awaitReady(): void {
    if (this.transport !== 'tabs') this.timer('ready', this.options.readyMs);
  }

  private event(event: GatewayEvent): void {
    switch (event.name) {
      case 'message':
      case 'status':
        return this.publication(event);
      case 'ready':
        return this.ready(event.data);
      case 'gap':
        if (event.data.reason === 'unknown_position') this.tickets.forgetPosition();
        break;
      case 'upstream':
        this.degraded = event.data.state === 'degraded' ? (event.data.reason ?? 'upstream') : null;
        if (this.phase === 'live') this.tellLive();
        break;
      case 'revoked':
        this.deliver(event, false);
        if (event.data.reason === 'rights') this.drop(event.data.case_ids);
        return;
      case 'closing':
        return this.closing(event.data);
      case 'heartbeat':
        return;
      case 'unread':
      case 'backfilled':
        break;
    }
    this.deliver(event, false);
  }

  /** Their subscription has ended. */
  private drop(caseIds: readonly string[]): void {
    this.tickets.remove(caseIds);
    if (this.tickets.isEmpty) this.enter('idle', { name: 'idle' });
  }

  private publication(event: Extract<GatewayEvent, { name: 'message' | 'status' }>): void {
    const moves = this.tickets.accept(event.data);
    if (moves !== null) this.deliver(event, moves);
  }

  private ready(data: Ready): void {
    this.stopTimer('ready');
    this.attempts.succeeded();
    this.token.isFresh = false;
    if (this.tickets.complete(data)) this.deliver({ name: 'ready', data }, true);
    if (!this.tickets.isWhole && this.transport !== 'socket.io') return this.open();
    this.phase = 'live';
    this.tellLive();
    this.plan();
    // Its end came near while the connection was made.
    if (this.token.wantsFresh) this.askToken();
    else this.changeToken();
  }

  /** Serves the tickets that this connection does not serve yet. */
  private plan(): void {
    if (this.phase !== 'live' || this.tickets.isRequesting || this.tickets.isWhole) {
      return;
    }
    if (this.transport !== 'socket.io') return this.open();
    this.effects.push({ type: 'join', connection: this.connection, request: this.tickets.next(this.transport) });
  }

  private closing({ reason, retry_ms: retryMs }: Closing): void {
    this.token.wantsFresh ||= reason === 'token_expired' || reason === 'token_revoked';
    this.wait(Math.max(0, retryMs), reason);
  }

  private refused({ code, message, caseIds, retryMs }: Refusal): void {
    if (code === 'unauthorized') {
      if (this.token.isFresh) return this.deny(code, message);
      this.token.wantsFresh = true;
      return this.start();
    }
    if (code === 'forbidden' && caseIds && caseIds.length > 0) {
      this.deliver({ name: 'revoked', data: { case_ids: caseIds, reason: 'rights' } }, false);
      this.tickets.refused();
      this.drop(caseIds);
      if (this.phase === 'live') this.plan();
      else if (this.phase === 'opening') this.start();
      return;
    }
    const waits = retryMs !== undefined || code === 'unavailable' || code === 'network' || code === 'internal';
    if (!waits) return this.deny(code, message);
    this.fail({ code, message, ...(retryMs !== undefined && { retryMs }) });
  }

  private deny(reason: string, message: string): void {
    this.token.wantsFresh = true;
    this.enter('denied', { name: 'denied', reason, message });
  }

  private fail({ code, message, retryMs = 0 }: Refusal): void {
    this.attempts.failed();
    this.wait(Math.max(retryMs, this.attempts.delayMs), code === 'network' ? message : code);
  }

  private wait(ms: number, reason: string): void {
    this.enter('waiting', { name: 'connecting', reason, retryInMs: Math.round(ms) });
    this.timer('retry', ms);
  }

  private due(name: TimerName): void {
    switch (name) {
      case 'plan':
        return this.plan();
      case 'retry':
        if (this.phase === 'waiting') this.start();
        return;
      case 'ready':
        if (this.phase === 'opening') {
          this.fail({ code: 'network', message: NOT_READY });
        }
        return;
      case 'silence':
        if (this.phase === 'live' || this.phase === 'opening') {
          this.fail({ code: 'network', message: 'silent for too long' });
        }
        return;
      case 'renew':
        this.token.wantsFresh = true;
        if (this.phase === 'live') this.askToken();
    }
  }

  private resumed(): void {
    // While a page is put aside, nobody tells it that the network has come.
    if (this.phase === 'waiting' || this.phase === 'offline') return this.start();
    const silent = this.options.now() - this.lastByteAt > this.options.silenceMs / 2;
    if ((this.phase === 'live' || this.phase === 'opening') && silent) this.start();
  }

  /** @param keeps whether the present position may be kept when the handlers have returned */
  private deliver(event: GatewayEvent, keeps: boolean): void {
    this.pending.push(keeps ? this.tickets.kept : null);
    this.effects.push({ type: 'deliver', event });
  }

  private handled(): void {
    const kept = this.pending.shift();
    if (kept) this.effects.push({ type: 'save', kept });
  }

  private tellLive(): void {
    const { transport, degraded } = this;
    this.tell(degraded === null ? { name: 'live', transport } : { name: 'degraded', transport, reason: degraded });
  }

  private tell(state: ConnectionState): void {
    if (JSON.stringify(state) === JSON.stringify(this.state)) return;
    this.state = state;
    this.effects.push({ type: 'state', state });
  }

  /** Leaves the phase with what belongs to it. */
  private enter(phase: Phase, state: ConnectionState | null): void {
    if (this.phase === 'opening' || this.phase === 'live') {
      this.effects.push({ type: 'hang-up', connection: this.connection });
      this.tickets.disconnected();
      this.degraded = null;
    }
    for (const name of ['ready', 'silence', 'retry'] as const) this.stopTimer(name);
    if (phase === 'idle' || phase === 'closed') this.stopTimer('renew');
    this.phase = phase;
    if (state) this.tell(state);
  }

  private timer(name: TimerName, ms: number): void {
    this.effects.push({ type: 'timer', name, ms });
  }

  private stopTimer(name: TimerName): void {
    this.effects.push({ type: 'stop-timer', name });
  }
}
