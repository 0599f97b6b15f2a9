import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import type { Queue } from 'bullmq';

/** Where the board is, as its pages name it. */
export const BOARD_PATH = '/admin/queues';

/** Its pages have scripts and styles of their own, and nothing from elsewhere. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "img-src 'self' data:",
  "style-src 'self' 'unsafe-inline'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * Bull Board, which shows the jobs of the poll queue. It can change nothing: a job is deleted or run with its set, and for
 * that operators have feeds and cases. It does not list workers, because `CLIENT LIST` needs more rights than Pollcast has.
 */
export function queueBoard(queue: Queue): RequestListener {
  const serverAdapter = new ExpressAdapter().setBasePath(BOARD_PATH);
  createBullBoard({
    queues: [new BullMQAdapter(queue, { readOnlyMode: true, description: 'one job per ticket set' })],
    serverAdapter,
    options: { uiConfig: { boardTitle: 'Pollcast', showWorkers: false } },
  });
  const app = serverAdapter.getRouter() as RequestListener & { disable(setting: string): void };
  app.disable('x-powered-by');
  return (request: IncomingMessage, response: ServerResponse) => {
    response.setHeader('content-security-policy', CONTENT_SECURITY_POLICY);
    app(request, response);
  };
}
