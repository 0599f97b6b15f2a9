import type { IncomingMessage, ServerResponse } from 'node:http';
import { NotFoundException } from '@nestjs/common';
import type { Logger } from 'pino';
import type { SampledLines } from '#ops';
import { Refusal } from '#protocol';
import type { ProblemFilter } from '../http/problem.filter.js';
import type { UnauthenticatedSockets } from '../http/unauthenticated-sockets.js';
import type { AdminCallers } from './admin-callers.js';

/** Most characters of a path in a log line. */
const PATH_MAX = 200;

export interface AdminGateParts {
  readonly callers: AdminCallers;
  readonly problems: Pick<ProblemFilter, 'answer'>;
  readonly sockets: Pick<UnauthenticatedSockets, 'authenticated'>;
  readonly logger: Pick<Logger, 'info'>;
  /** One line per minute for all requests with a wrong secret. */
  readonly lines: Pick<SampledLines, 'say'>;
}

/** What Express passes on: the whole path, where a router below it sees a part. */
type AdminRequest = IncomingMessage & { readonly originalUrl?: string };

/**
 * In front of everything below `/admin`, the board of the queue included. Without `ADMIN_TOKEN` nothing is served there:
 * the answer is that of any unknown path. Each use writes one line.
 */
export class AdminGate {
  private readonly names = new WeakMap<IncomingMessage, string>();

  constructor(private readonly parts: AdminGateParts) {}

  /** @param next called if the caller may go on */
  pass(request: AdminRequest, response: ServerResponse, next: () => void): void {
    const { callers, problems, sockets } = this.parts;
    if (!callers.isOpen) {
      problems.answer(new NotFoundException('Cannot GET /admin'), response);
      return;
    }
    const name = callers.nameOf(request.headers);
    if (name === null) {
      this.tellRefused(request);
      response.setHeader('www-authenticate', ['Bearer', 'Basic realm="pollcast", charset="UTF-8"']);
      problems.answer(new Refusal('unauthorized', 'this needs ADMIN_TOKEN, as bearer token or as password'), response);
      return;
    }
    if (isOfOtherSite(request)) {
      problems.answer(new Refusal('forbidden', 'a page of another site asks (Sec-Fetch-Site)'), response);
      return;
    }
    sockets.authenticated(request.socket);
    this.names.set(request, name);
    response.setHeader('cache-control', 'no-store');
    this.log(request, response, name);
    next();
  }

  /** Who sent a request that has passed. */
  callerOf(request: IncomingMessage): string {
    return this.names.get(request) ?? '';
  }

  private log(request: AdminRequest, response: ServerResponse, caller: string): void {
    const startedAt = performance.now();
    const { method } = request;
    const path = pathOf(request);
    response.once('close', () => {
      const ms = Math.round(performance.now() - startedAt);
      this.parts.logger.info({ part: 'admin', caller, method, path, status: response.statusCode, ms }, 'admin request');
    });
  }

  private tellRefused({ socket }: AdminRequest): void {
    const fields = { part: 'admin', remoteAddress: socket.remoteAddress };
    this.parts.lines.say('admin', { level: 'warn', fields, text: 'an admin request was refused: wrong ADMIN_TOKEN' });
  }
}

/** A browser sends the password that it remembers with requests of every page. */
function isOfOtherSite({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  return site !== undefined && site !== 'same-origin' && site !== 'none';
}

/** Without the query: somebody may put a secret there. */
function pathOf({ originalUrl, url }: AdminRequest): string {
  return (originalUrl ?? url ?? '').split('?', 1)[0]?.slice(0, PATH_MAX) ?? '';
}
