import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const JSON_TYPE = 'application/json;charset=utf-8';

/** What a server of this spec says instead of answering. */
type Fault = (response: ServerResponse) => void;

/** The upstream as questions about rights see it: tokens, and the tickets that each may read. */
export class RightsUpstream {
  readonly rights = new Map<string, Set<string>>();
  /** The tickets of each request, in the order of arrival; none for a question about a token alone. */
  readonly asked: string[][] = [];
  readonly queries: URLSearchParams[] = [];
  fault: Fault | null = null;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<RightsUpstream> {
    const server = createServer();
    const upstream = new RightsUpstream(server);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => upstream.answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return upstream;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  may(token: string, ...caseIds: string[]): void {
    this.rights.set(token, new Set(caseIds));
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private answer({ url = '', headers }: IncomingMessage, response: ServerResponse): void {
    const query = new URL(url, 'http://upstream').searchParams;
    const caseIds = query.getAll('case_ids');
    this.asked.push(caseIds);
    this.queries.push(query);
    const mayRead = this.rights.get(String(headers['x-auth-token']));
    if (this.fault !== null) {
      this.fault(response);
    } else if (mayRead === undefined) {
      say(response, 401, { error_code: 'APIGW.0301', error_msg: 'Incorrect IAM authentication information' });
    } else if (caseIds.length === 0) {
      say(response, 400, { error_code: 'OSM.0001', error_msg: 'Invalid parameter: case_ids' });
    } else if (!caseIds.every((caseId) => mayRead.has(caseId))) {
      say(response, 403, { error_code: 'OSM.01010002', error_msg: 'No permission' });
    } else {
      say(response, 200, { imstatus: [], immsg: [], last_message_time_id: '17' });
    }
  }
}

/** A fault: this answer. */
export function say(response: ServerResponse, status: number, body: object | string, headers: object = {}): void {
  const isText = typeof body === 'string';
  response.writeHead(status, { 'content-type': isText ? 'text/html' : JSON_TYPE, ...headers });
  response.end(isText ? body : JSON.stringify(body));
}
