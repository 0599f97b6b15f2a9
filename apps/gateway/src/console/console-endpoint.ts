import type { IncomingMessage, ServerResponse } from 'node:http';
import { pathOf } from '../http/query.js';
import type { ConsoleFile } from './console-files.js';

/** A year, as long as caches keep anything. */
const HASHED_CACHE = 'public, max-age=31536000, immutable';
const PAGE_CACHE = 'no-cache';
/**
 * Scripts, styles and connections of this origin, and nothing else: no inline script, no frame, no other host. A text that
 * becomes code by mistake (`innerHTML`) is refused, too.
 */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

/** Serves the console: its page at `/` and `/ops`, and the files that the page loads. */
export class ConsoleEndpoint {
  /** @param files empty if there is no console here: it is switched off, or was not built */
  constructor(private readonly files: ReadonlyMap<string, ConsoleFile>) {}

  /** Whether there is a console at `/`. */
  get isThere(): boolean {
    return this.files.size > 0;
  }

  /** Answers the request if it asks for a file of the console. @returns whether it does */
  serves(request: IncomingMessage, response: ServerResponse): boolean {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const file = isRead ? this.files.get(pathOf(request)) : undefined;
    if (file === undefined) {
      return false;
    }
    send(file, request, response);
    return true;
  }
}

function send(file: ConsoleFile, { method, headers }: IncomingMessage, response: ServerResponse): void {
  response.setHeader('content-security-policy', PAGE_POLICY);
  response.setHeader('cache-control', file.isHashed ? HASHED_CACHE : PAGE_CACHE);
  response.setHeader('etag', file.etag);
  response.setHeader('vary', 'Origin, Accept-Encoding');
  if (headers['if-none-match']?.includes(file.etag)) {
    response.writeHead(304).end();
    return;
  }
  const isGzipped = /\bgzip\b/.test(String(headers['accept-encoding'] ?? ''));
  const body = isGzipped ? file.gzipped : file.plain;
  response.writeHead(200, {
    'content-type': file.type,
    'content-length': body.length,
    ...(isGzipped && { 'content-encoding': 'gzip' }),
  });
  response.end(method === 'HEAD' ? undefined : body);
}
