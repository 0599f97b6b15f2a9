import { createHash } from 'node:crypto';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RunningGateway } from '../running-gateway.js';

const JSON_TYPE = 'application/json';
/** A case of the suite may keep this process busy for seconds, and its next request uses the same connection, ms. */
const KEPT_OPEN_MS = 120_000;
/** Headers by which a client asks for more than creating and appending: writers' sessions, forks, ends of streams. */
const BEYOND = /^(?:producer-|stream-(?:closed|seq|ttl|expires-at|fork))/;

/**
 * The other half of a server of Durable Streams, so that the conformance suite has something to read: `PUT` creates a stream
 * and `POST` appends to it, by publishing messages of a ticket as a worker does. Reads go to the gateway. In its answers, what
 * was appended takes the place of the messages that have it, with the content type of its stream. Statuses, headers, offsets
 * and frames are the gateway's.
 */
export class WritingSide {
  /** Content types by ticket. */
  private readonly types = new Map<string, string>();
  private sent = 0;
  /** One write after the other: the store in memory takes turns. */
  private writing: Promise<void> = Promise.resolve();

  private constructor(
    private readonly gateway: RunningGateway,
    private readonly token: string,
    private readonly server: Server,
  ) {}

  static async start(gateway: RunningGateway, token: string): Promise<WritingSide> {
    const server = createServer();
    server.keepAliveTimeout = KEPT_OPEN_MS;
    const side = new WritingSide(gateway, token, server);
    server.on('request', (incoming: IncomingMessage, answer: ServerResponse) => {
      side.serve(incoming, answer).catch(() => answer.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return side;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const { pathname, search } = new URL(incoming.url ?? '', this.url);
    // Alice may read the tickets that begin with A.
    const caseId = `A${createHash('sha256').update(pathname).digest('hex').slice(0, 40)}`;
    if (incoming.method !== 'PUT' && incoming.method !== 'POST') return this.read(incoming, answer, caseId, search);
    const body = await bytesOf(incoming);
    const written = this.writing.then(() => this.write(incoming, answer, caseId, body));
    this.writing = written.catch(() => undefined);
    return written;
  }

  private async write(
    { method, headers }: IncomingMessage,
    answer: ServerResponse,
    caseId: string,
    body: Buffer,
  ): Promise<void> {
    const { 'content-type': type = 'application/octet-stream' } = headers;
    const known = this.types.get(caseId);
    const isBeyond = Object.keys(headers).some((name) => BEYOND.test(name));
    const isNowhere = method === 'POST' && known === undefined;
    if (isBeyond || isNowhere) return void answer.writeHead(isBeyond ? 501 : 404).end();
    if (known === undefined) {
      this.types.set(caseId, type);
      await this.gateway.store.setStatus(caseId, 1); // The upstream's first answer for a ticket has its status.
    }
    for (const each of appended(body, type)) {
      await this.gateway.store.publish(caseId, `${(this.sent += 1)} ${each.toString('base64')}`);
    }
    const end = (await this.ask(`${caseId}?offset=now`)).resume();
    answer.setHeader('stream-next-offset', end.headers['stream-next-offset'] ?? '').setHeader('content-type', type);
    answer.writeHead(method === 'POST' ? 204 : known === undefined ? 201 : 200).end();
  }

  private async read(
    { method = 'GET', headers }: IncomingMessage,
    answer: ServerResponse,
    caseId: string,
    search: string,
  ): Promise<void> {
    const type = this.types.get(caseId) ?? JSON_TYPE;
    const given = await this.ask(`${caseId}${search}`, method, headers);
    if (answer.destroyed) return void given.destroy();
    answer.on('close', () => given.destroy());
    const { 'content-type': own, 'content-length': length, ...rest } = given.headers;
    const isList = own === JSON_TYPE && given.statusCode === 200;
    answer.writeHead(given.statusCode ?? 500, {
      ...rest,
      ...(own !== undefined && { 'content-type': isList ? type : own }),
      ...(length !== undefined && !isList && { 'content-length': length }),
    });
    if (isList && method === 'GET') answer.end(shown((await bytesOf(given)).toString(), type));
    else if (own === 'text/event-stream') await passFrames(given, answer, type);
    else given.pipe(answer);
  }

  private ask(path: string, method = 'GET', headers: IncomingMessage['headers'] = {}): Promise<IncomingMessage> {
    const url = `${this.gateway.url}/v1/streams/cases/${path}`;
    const own = { authorization: `Bearer ${this.token}`, host: new URL(url).host };
    return new Promise((resolve, reject) => {
      request(url, { method, headers: { ...headers, ...own }, agent: false }, resolve)
        .on('error', reject)
        .end();
    });
  }
}

async function passFrames(given: IncomingMessage, answer: ServerResponse, type: string): Promise<void> {
  let left = '';
  for await (const piece of given.setEncoding('utf8')) {
    const blocks = `${left}${piece as string}`.split('\n\n');
    left = blocks.pop() ?? '';
    for (const block of blocks) {
      const [, list] = /^event: data\ndata:(.*)$/.exec(block) ?? [];
      const lines = list === undefined ? null : shown(list, type).toString().split('\n');
      answer.write(
        lines === null ? `${block}\n\n` : `event: data\n${lines.map((line) => `data:${line}`).join('\n')}\n\n`,
      );
    }
  }
  answer.end(left);
}

/** The parts of a body that are messages of their own. */
function appended(body: Buffer, type: string): Buffer[] {
  if (!isJson(type)) return body.length === 0 ? [] : [body];
  const value = body.length === 0 ? [] : (JSON.parse(body.toString()) as unknown);
  return (Array.isArray(value) ? (value as unknown[]) : [value]).map((each) => Buffer.from(JSON.stringify(each)));
}

/** What was appended, from a list of events. */
function shown(list: string, type: string): Buffer {
  const events = JSON.parse(list) as { readonly event: string; readonly message: { readonly content: string } }[];
  const parts = events
    .filter(({ event }) => event === 'message')
    .map(({ message: { content } }) => Buffer.from(content.slice(content.indexOf(' ') + 1), 'base64'));
  return isJson(type) ? Buffer.from(`[${parts.join(',')}]`) : Buffer.concat(parts);
}

const isJson = (type: string) => type.startsWith(JSON_TYPE);

async function bytesOf(incoming: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of incoming) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
