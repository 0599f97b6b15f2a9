import type { IncomingHttpHeaders } from 'node:http';
import { WebSocketGateway, type OnGatewayConnection, type OnGatewayInit } from '@nestjs/websockets';
import type { DefaultEventsMap, ExtendedError, Server, Socket } from 'socket.io';
import {
  type Acknowledgement,
  AuthenticateDto,
  ClientDto,
  PositionIds,
  Refusal,
  refusalError,
  SioFrames,
  SubscribeDto,
  TicketsDto,
} from '#protocol';
import type { Rights } from '../auth/rights.js';
import { tokenOfHandshake } from '../auth/client-token.js';
import { TokenVerifier } from '../auth/token-verifier.js';
import type { ClientSession } from '../session/client-session.js';
import { Connections } from '../session/connections.js';
import { Deadline, STORE_RETRY_MS } from '../edge/deadline.js';
import { FairTurns } from '../edge/fair-turns.js';
import { RefusalLog } from '../edge/refusal-log.js';
import { Languages } from '../edge/languages.js';
import { RequestReader } from '../edge/request-reader.js';
import { ticketsOf, subscriptionParametersOf } from '../edge/subscription-parameters.js';
import { ClientAddresses } from '../http/client-address.js';
import { BeforeConnect } from './before-connect.js';
import { RequestTurns } from './request-turns.js';
import { SocketIoOutlet } from './socket-io.outlet.js';

/** Data of a socket: its rights since the handshake, its session while it is served. */
interface SocketData {
  rights: Rights;
  /** `client_id` of the handshake. */
  clientId: string | null;
  session?: ClientSession;
}
type EventsServer = Server<DefaultEventsMap, DefaultEventsMap, DefaultEventsMap, SocketData>;
type EventsSocket = Socket<DefaultEventsMap, DefaultEventsMap, DefaultEventsMap, SocketData>;
/** Absent if the client asked for no acknowledgement. */
type Reply = ((answer: Acknowledgement) => void) | undefined;

/** Most characters of an event's name that a refusal repeats. */
const EVENT_SHOWN_MAX = 64;

/** What the package `ws` says of a message beyond its bound. It ends the connection, with the close code 1009. */
const TOO_LARGE = 'Max payload size exceeded';

/** Serves one request. @returns the acknowledgement; undefined if it has called `reply` itself */
type Service = (
  socket: EventsSocket,
  body: unknown,
  deadline: Deadline,
  reply: Reply,
) => Promise<Acknowledgement | undefined>;

/** The Socket.IO edge: translates requests for the session, and refusals into acknowledgements. */
@WebSocketGateway()
export class EventsGateway implements OnGatewayInit<EventsServer>, OnGatewayConnection<EventsSocket> {
  private readonly services: ReadonlyMap<string, Service> = new Map<string, Service>([
    ['subscribe', (socket, body, deadline, reply) => this.subscribe(socket, body, deadline, reply)],
    ['unsubscribe', (socket, body, deadline) => this.unsubscribe(socket, body, deadline)],
    ['authenticate', (socket, body, deadline) => this.authenticate(socket, body, deadline)],
  ]);
  private readonly requestTurns: RequestTurns;
  private readonly receive = listener((socket, event, ...args) => {
    const deadline = new Deadline();
    const { subject } = socket.data.rights;
    this.requestTurns.take(socket.conn, subject, () => void this.serve(socket, String(event), args, deadline));
  });
  private readonly leave = listener(({ data, conn }, _reason, cause) => {
    if (cause instanceof Error && cause.message.includes(TOO_LARGE)) {
      this.refusals.count({ code: 'payload_too_large', detail: 'a Socket.IO message is too large' });
    }
    if (data.session) {
      this.left(data.session, conn);
    }
  });

  constructor(
    private readonly verifier: TokenVerifier,
    private readonly reader: RequestReader,
    private readonly connections: Connections,
    private readonly frames: SioFrames,
    private readonly refusals: RefusalLog,
    private readonly languages: Languages,
    private readonly ids: PositionIds,
    private readonly beforeConnect: BeforeConnect,
    private readonly addresses: ClientAddresses,
    turns: FairTurns,
  ) {
    this.requestTurns = new RequestTurns(turns);
  }

  /** Guards do not run for connections, so a middleware checks the tokens. A bad token ends in `connect_error`. */
  afterInit(server: EventsServer): void {
    server.use((socket, next) => {
      this.admit(socket).then(
        () => next(),
        (error: unknown) => next(this.connectError(error, socket.handshake.headers)),
      );
    });
  }

  handleConnection(socket: EventsSocket): void {
    const { rights, clientId } = socket.data;
    socket.data.session = this.connections.add(rights, new SocketIoOutlet(socket, this.frames), clientId);
    socket.on('disconnect', this.leave);
    socket.onAny(this.receive);
    freeHandshake(socket);
  }

  /** The connection of a session that has ended is not counted any more, so it must end, too. */
  private left(session: ClientSession, conn: EventsSocket['conn']): void {
    const isClosed = conn.readyState === 'closed';
    if (isClosed) {
      this.connections.gone(session);
    } else {
      // The client only left the namespace, or broke the protocol.
      conn.once('close', () => this.connections.gone(session));
      session.end();
    }
    // Also after engine.io has closed it, a WebSocket waits for the client's Close frame, for half a minute.
    if (!isClosed || session.outlet.tcp !== null) {
      session.outlet.destroy();
    }
  }

  private async subscribe(socket: EventsSocket, body: unknown, deadline: Deadline, reply: Reply): Promise<undefined> {
    const parameters = subscriptionParametersOf(this.reader.read(SubscribeDto, body), this.languages, this.ids);
    // The acknowledgement is sent in the tick of the recovery: after the replay, before live events.
    await this.sessionOf(socket).subscribe(parameters, deadline, (ready) => reply?.({ ok: true, ...ready }));
  }

  private async unsubscribe(socket: EventsSocket, body: unknown, deadline: Deadline): Promise<Acknowledgement> {
    const tickets = ticketsOf(this.reader.read(TicketsDto, body), this.languages);
    await this.sessionOf(socket).unsubscribe(tickets, deadline);
    return { ok: true };
  }

  private async authenticate(socket: EventsSocket, body: unknown, deadline: Deadline): Promise<Acknowledgement> {
    const { token } = this.reader.read(AuthenticateDto, body);
    const verify = () => this.verifier.verify(token, socket.conn.remoteAddress);
    await this.sessionOf(socket).authenticate(verify, deadline);
    return { ok: true };
  }

  private async admit(socket: EventsSocket): Promise<void> {
    const { auth, headers } = socket.handshake;
    const isPolling = socket.conn.transport.name === 'polling';
    const deadline = new Deadline();
    const token = tokenOfHandshake(auth, headers, isPolling);
    const rights = await deadline.bound(this.verifier.verify(token, this.addresses.of(socket.request)));
    if (!rights.isProven) {
      await deadline.bound(rights.prove());
    }
    this.beforeConnect.authenticated(socket.conn);
    const clientId = this.reader.read(ClientDto, auth).client_id ?? null;
    await this.connections.admit(rights, clientId, deadline);
    socket.data.rights = rights;
    socket.data.clientId = clientId;
    // By then Socket.IO has connected the client, unless it went meanwhile.
    setImmediate(() => socket.data.session === undefined && this.connections.dismiss(rights));
  }

  private connectError(error: unknown, headers: IncomingHttpHeaders): ExtendedError {
    const { code, message, retry_ms } = refusalError(this.refusals.note(error, headers));
    const data = retry_ms === undefined ? { code } : { code, retry_ms };
    return Object.assign(new Error(message), { data });
  }

  private async serve(
    socket: EventsSocket,
    event: string,
    args: readonly unknown[],
    deadline: Deadline,
  ): Promise<void> {
    const last = args.at(-1);
    const reply = typeof last === 'function' ? (last as NonNullable<Reply>) : undefined;
    const given = reply === undefined ? args : args.slice(0, -1);
    socket.data.session?.requested();
    try {
      const service = this.services.get(event);
      if (service === undefined) {
        throw new Refusal('invalid', `unknown event ${event.slice(0, EVENT_SHOWN_MAX)}`);
      }
      if (given.length > 1) {
        throw new Refusal('invalid', `a request has one argument, and this one has ${given.length}`);
      }
      const answer = await service(socket, given[0], deadline, reply);
      if (answer !== undefined) {
        reply?.(answer);
      }
    } catch (error) {
      const refusal = refusalError(this.refusals.note(error));
      if (reply !== undefined) {
        reply({ ok: false, error: refusal });
      } else {
        socket.emit('error', { request: event.slice(0, EVENT_SHOWN_MAX), ...refusal });
      }
    }
  }

  private sessionOf(socket: EventsSocket): ClientSession {
    if (socket.data.session === undefined) {
      throw new Refusal('unavailable', 'the connection is closing', { retryMs: STORE_RETRY_MS });
    }
    return socket.data.session;
  }
}

/**
 * One function for the events of all sockets; `this` is the socket. Nest would make a handler for each request of each
 * socket, which takes 700 bytes per connection.
 */
function listener(receive: (socket: EventsSocket, ...args: unknown[]) => void) {
  return function (this: EventsSocket, ...args: unknown[]): void {
    receive(this, ...args);
  };
}

const NOTHING = Object.freeze({});

/** Frees what nobody needs of a handshake, above all its token. */
function freeHandshake({ conn, handshake }: EventsSocket): void {
  // Socket.IO's documentation says to do this. Socket.IO reads the request only if another namespace is connected
  // later.
  (conn as { request: unknown }).request = null;
  handshake.headers = NOTHING;
  handshake.auth = NOTHING;
}
