import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HealthState } from './health.js';
import { SharedMetrics } from './shared-metrics.js';

/** Answers a request if its path is one of the operator's. @returns whether it is */
export type OpsHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Source of `/metrics`: one registry, or the sum of several. */
export interface MetricsSource {
  readonly contentType: string;
  metrics(): Promise<string>;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
}

/**
 * `GET /health/live`, `/health/ready` and `/metrics`, without a framework. A worker serves them with `createServer`; a
 * gateway has them in front of its own routes.
 */
export function createOpsHandler(health: HealthState, registry: MetricsSource): OpsHandler {
  const metrics = new SharedMetrics(registry);
  const routes = new Map<string, () => Promise<Answer>>([
    ['/health/live', async () => json(200, health.live())],
    [
      '/health/ready',
      async () => {
        const readiness = await health.ready();
        return json(readiness.status === 'ok' ? 200 : 503, readiness);
      },
    ],
    ['/metrics', async () => ({ status: 200, type: registry.contentType, body: await metrics.text() })],
  ]);
  return (request, response) => {
    const route = routes.get(request.url?.split('?', 1)[0] ?? '');
    if (route === undefined) {
      return false;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD, OPTIONS');
      if (request.method === 'OPTIONS') {
        response.writeHead(204).end();
      } else {
        send(response, json(405, { status: 'error', detail: 'only GET and HEAD are served here' }));
      }
      return true;
    }
    route().then(
      (answer) => send(response, answer),
      () => send(response, json(500, { status: 'error' })),
    );
    return true;
  };
}

function json(status: number, value: object): Answer {
  return { status, type: 'application/json; charset=utf-8', body: JSON.stringify(value) };
}

/** With `no-store`: a proxy that caches readiness would send clients to a gateway that drains. */
function send(response: ServerResponse, { status, type, body }: Answer): void {
  const length = Buffer.byteLength(body);
  response.writeHead(status, { 'content-type': type, 'content-length': length, 'cache-control': 'no-store' }).end(body);
}
