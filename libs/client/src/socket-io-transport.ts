import type { GatewayEvent, Ready, Refusal } from './events.js';
import type { Request } from './machine-io.js';
import { parameters, type Link, type TransportListener, type TransportRequest } from './transport.js';

/** The part of socket.io-client that is used. It is an optional peer, and the caller hands it over or it is imported. */
export interface SocketLike {
  on(event: string, listener: (...args: never[]) => void): unknown;
  onAny(listener: (event: string, data: unknown) => void): unknown;
  emit(event: string, data: unknown, ack: (answer: Answer) => void): unknown;
  disconnect(): unknown;
  readonly io: { readonly engine?: { on(event: string, listener: () => void): unknown } };
}
export type ConnectSocket = (url: string, options: object) => SocketLike;

interface RefusedBody {
  readonly code: string;
  readonly message: string;
  readonly case_ids?: readonly string[];
  readonly retry_ms?: number;
}
type Answer = ({ readonly ok: true } & Ready) | { readonly ok: false; readonly error: RefusedBody };

export const openSocketIo =
  (load: () => Promise<ConnectSocket>) =>
  (request: TransportRequest, listener: TransportListener): Link => {
    let socket: SocketLike | null = null;
    let isOpen = true;
    const end = (message: string) => {
      if (!isOpen) return;
      isOpen = false;
      socket?.disconnect();
      listener.ended(message);
    };
    const refused = (error: RefusedBody) => listener.refused(refusalOf(error));
    const join = (wanted: Request) => {
      const { client_id: _, ...body } = parameters({ ...request, ...wanted });
      socket?.emit('subscribe', body, (answer) => {
        if (!isOpen) return;
        if (answer.ok) listener.event({ name: 'ready', data: answer });
        else refused(answer.error);
      });
    };
    const connect = (io: ConnectSocket) => {
      if (!isOpen) return;
      const { url, token, clientId } = request;
      const auth = { client_id: clientId, ...(token !== null && { token }) };
      // Reconnecting is the machine's: it knows the position.
      socket = io(url, { auth, transports: ['websocket'], reconnection: false, forceNew: true });
      socket.on('connect', () => {
        socket?.io.engine?.on('ping', () => isOpen && listener.alive());
        join(request);
      });
      socket.on('connect_error', (error: Error & { data?: RefusedBody }) => {
        if (isOpen && error.data) refused({ ...error.data, message: error.message });
        else end(error.message);
      });
      socket.on('disconnect', (reason: string) => end(reason));
      socket.onAny((name, data) => isOpen && name !== 'error' && listener.event({ name, data } as GatewayEvent));
    };
    load().then(connect, (error: unknown) => end(`socket.io-client cannot be loaded: ${String(error)}`));
    return {
      close: () => {
        isOpen = false;
        socket?.disconnect();
      },
      join,
      leave: (caseIds) =>
        socket?.emit(
          'unsubscribe',
          {
            ...parameters({ ...request, caseIds, position: null }),
            client_id: undefined,
            history: undefined,
            unread: undefined,
          },
          () => undefined,
        ),
      authenticate: (token) =>
        socket?.emit('authenticate', { token }, (answer) => !answer.ok && isOpen && refused(answer.error)),
    };
  };

function refusalOf({ code, message, case_ids: caseIds, retry_ms: retryMs }: RefusedBody): Refusal {
  return { code, message, ...(caseIds && { caseIds }), ...(retryMs !== undefined && { retryMs }) };
}
