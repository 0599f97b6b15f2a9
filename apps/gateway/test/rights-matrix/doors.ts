import { METHODS, request, type IncomingMessage } from 'node:http';
import { io, type Socket } from 'socket.io-client';
import { until } from '../../../../test/harness/until.js';
import type { Expected, Row } from './rows.js';

/** What a client of a cell asks for. */
export interface Asked extends Pick<Row, 'caseIds' | 'groupId'> {
  readonly token: string | null;
  /** A token of the same subject that allows everything. */
  readonly tokenForAll: string;
}

export interface Answer {
  /** `granted`, or the refusal in words. */
  readonly outcome: string;
  /** Ends the connection. */
  close(): void;
}

/** A way to a ticket. */
export interface Door {
  readonly name: string;
  /** Whether live messages come through it. */
  readonly isLive: boolean;
  /** Whether what was published before comes through it. */
  readonly hasHistory: boolean;
  /** The row's refusal, as this door says it; `granted` if there is none. Null if the row cannot be asked here. */
  expected(row: Row): string | null;
  ask(url: string, asked: Asked): Promise<Answer>;
}

const STATUS = { unauthorized: 401, forbidden: 403 } as const;
const NO_HINTS: Expected = {
  code: 'forbidden',
  detail: 'the token does not allow hints: it needs the claim "hints": true, or what the settings have in its place',
};

const words = (code: string, detail: string, caseIds: readonly string[] = []) =>
  `${code}: ${detail}${caseIds.map((caseId) => ` ${caseId}`).join('')}`;
const httpWords = (expected: Expected | undefined) =>
  expected === undefined
    ? 'granted'
    : `${STATUS[expected.code]} ${words(expected.code, expected.detail, expected.caseIds)}`;
const socketWords = (expected: Expected | undefined) =>
  expected === undefined ? 'granted' : words(expected.code, expected.detail, expected.caseIds);

interface HttpAnswer extends Answer {
  readonly text: string;
}

/** Makes a request. A stream is answered when it is live, everything else when it is complete. */
async function http(
  url: string,
  method: string,
  token: string | null,
  body?: object,
  accept = '*/*',
): Promise<HttpAnswer> {
  const headers = {
    accept,
    ...(token !== null && { authorization: `Bearer ${token}` }),
    ...(body !== undefined && { 'content-type': 'application/json' }),
  };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = request(url, { method, headers, agent: false }, resolve);
    outgoing.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
  });
  let text = '';
  let isComplete = false;
  response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  response.on('close', () => (isComplete = true)).on('error', () => undefined);
  await until(() => isComplete || text.includes('event: ready\n'));
  return { outcome: outcomeOf(response, text), text, close: () => response.destroy() };
}

function outcomeOf({ statusCode = 0 }: IncomingMessage, text: string): string {
  if (statusCode < 300) return 'granted';
  const { status, code, detail, case_ids } = JSON.parse(text);
  return status === statusCode ? `${status} ${words(code, detail, case_ids)}` : `${statusCode} ${text}`;
}

const feedOf = ({ groupId }: Asked): Record<string, string> => (groupId === undefined ? {} : { group_id: groupId });

const sseGet: Door = {
  name: 'SSE GET',
  isLive: true,
  hasHistory: true,
  expected: ({ refused }) => httpWords(refused),
  ask: (url, asked) => {
    const query = new URLSearchParams([
      ...asked.caseIds.map((id) => ['case_ids', id]),
      ...Object.entries(feedOf(asked)),
    ]);
    return http(`${url}/v1/events?${query}`, 'GET', asked.token, undefined, 'text/event-stream');
  },
};

const sseBody = (method: string): Door => ({
  ...sseGet,
  name: `SSE ${method}`,
  ask: (url, asked) =>
    http(`${url}/v1/events`, method, asked.token, { case_ids: asked.caseIds, ...feedOf(asked) }, 'text/event-stream'),
});

const history: Door = {
  name: 'history GET',
  isLive: false,
  hasHistory: true,
  expected: ({ caseIds, refused }) => (caseIds.length === 1 ? httpWords(refused) : null),
  ask: (url, asked) =>
    http(
      `${url}/v1/cases/${encodeURIComponent(asked.caseIds[0] ?? '')}/messages?${new URLSearchParams(feedOf(asked))}`,
      'GET',
      asked.token,
    ),
};

/** A ticket as a stream of the Durable Streams protocol. */
const durable: Door = {
  name: 'durable stream',
  isLive: false,
  hasHistory: true,
  expected: ({ caseIds, refused }) => (caseIds.length === 1 ? httpWords(refused) : null),
  ask: (url, asked) => {
    const query = new URLSearchParams({ offset: '-1', ...feedOf(asked) });
    return http(`${url}/v1/streams/cases/${encodeURIComponent(asked.caseIds[0] ?? '')}?${query}`, 'GET', asked.token);
  },
};

const UPSTREAM_WORDS = {
  unauthorized: 'APIGW.0301: Incorrect IAM authentication information',
  forbidden: 'OSM.01010002: No permission to access the service ticket',
} as const;

/** The upstream's own contract, with its own errors. */
const poll: Door = {
  name: 'drop-in poll',
  isLive: false,
  hasHistory: true,
  expected: ({ refused }) => {
    if (refused === undefined) return 'granted';
    const { code, detail, caseIds } = refused;
    return `${STATUS[code]} ${UPSTREAM_WORDS[code]}: ${detail}${caseIds ? ` (${caseIds.join(', ')})` : ''}`;
  },
  ask: async (url, asked) => {
    const query = new URLSearchParams([
      ...asked.caseIds.map((id) => ['case_ids', id]),
      ...Object.entries(feedOf(asked)),
    ]);
    const headers: Record<string, string> = asked.token === null ? {} : { 'x-auth-token': asked.token };
    const path = `/v2/servicerequest/cases/instant-messages?${query}`;
    const response = await fetch(`${url}${path}`, { headers: { connection: 'close', ...headers } });
    const body = (await response.json()) as { error_code?: string; error_msg?: string };
    const { error_code, error_msg } = body;
    return {
      outcome: response.ok ? 'granted' : `${response.status} ${error_code}: ${error_msg}`,
      close: () => undefined,
    };
  },
};

const hints: Door = {
  name: 'hints POST',
  isLive: false,
  hasHistory: false,
  expected: ({ refused, token }) => httpWords(token === 'without hints' ? NO_HINTS : refused),
  ask: (url, asked) => http(`${url}/v1/hints`, 'POST', asked.token, { case_ids: asked.caseIds, ...feedOf(asked) }),
};

type Transport = 'websocket' | 'polling';
interface Ack {
  readonly ok: boolean;
  readonly error?: { readonly code: string; readonly message: string; readonly case_ids?: readonly string[] };
}

const ackWords = ({ ok, error }: Ack) =>
  ok || error === undefined ? 'granted' : words(error.code, error.message, error.case_ids);

/** @returns the socket, or the words of `connect_error` */
async function connected(url: string, transport: Transport, token: string | null): Promise<Socket | string> {
  const auth = token === null ? {} : { token };
  const socket = io(url, { auth, transports: [transport], forceNew: true, reconnection: false });
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(socket));
    socket.once('connect_error', (error: Error & { data?: { code: string } }) => {
      socket.disconnect();
      resolve(words(error.data?.code ?? 'no code', error.message));
    });
  });
}

const subscribe = (socket: Socket, asked: Asked, history?: number): Promise<Ack> =>
  socket.timeout(5000).emitWithAck('subscribe', { case_ids: asked.caseIds, ...feedOf(asked), history });

const socketIo = (transport: Transport): Door => ({
  name: `Socket.IO ${transport}`,
  isLive: true,
  hasHistory: true,
  expected: ({ refused }) => socketWords(refused),
  ask: async (url, asked) => {
    const socket = await connected(url, transport, asked.token);
    if (typeof socket === 'string') return { outcome: socket, close: () => undefined };
    return { outcome: ackWords(await subscribe(socket, asked)), close: () => socket.disconnect() };
  },
});

/** The client may read everything and is subscribed. Then it shows the token of the row: what that one refuses, it loses. */
const authenticate: Door = {
  name: 'authenticate',
  isLive: true,
  hasHistory: false,
  expected: ({ refused, token }) => {
    if (token === 'none') return 'invalid: token must have 1 to 16384 characters';
    return refused?.code === 'forbidden' ? `granted without ${refused.caseIds?.join()}` : socketWords(refused);
  },
  ask: async (url, asked) => {
    const socket = await connected(url, 'websocket', asked.tokenForAll);
    if (typeof socket === 'string') throw new Error(`the token for everything is refused: ${socket}`);
    const subscribed = await subscribe(socket, asked, 0);
    if (!subscribed.ok) throw new Error(`the token for everything is refused: ${ackWords(subscribed)}`);
    const revoked: string[] = [];
    socket.on('revoked', ({ case_ids }: { case_ids: string[] }) => revoked.push(...case_ids));
    const ack: Ack = await socket.timeout(5000).emitWithAck('authenticate', { token: asked.token ?? '' });
    const outcome = revoked.length > 0 ? `${ackWords(ack)} without ${revoked.join()}` : ackWords(ack);
    return { outcome, close: () => socket.disconnect() };
  },
};

export const DOORS: readonly Door[] = [
  sseGet,
  sseBody('POST'),
  ...(METHODS.includes('QUERY') ? [sseBody('QUERY')] : []), // Node 20.19.2, 22.2 and later know it.
  socketIo('websocket'),
  socketIo('polling'),
  history,
  durable,
  poll,
  hints,
  authenticate,
];
