import { IncomingMessage, ServerResponse } from 'node:http';
import {
  All,
  Controller,
  Get,
  HttpCode,
  MethodNotAllowedException,
  NotFoundException,
  Options,
  Req,
  Res,
} from '@nestjs/common';
import { GatewaySettings, programVersion } from '#ops';
import { pathOf } from '../http/query.js';
import { Documents } from './documents.js';

const PATHS = [
  'docs',
  'docs/asyncapi',
  'docs/style.css',
  'openapi.json',
  'docs/openapi.json',
  'asyncapi.json',
  'docs/asyncapi.json',
  'schemas/:event.json',
  'llms.txt',
];
const METHODS = 'GET, HEAD, OPTIONS';

/** Pages load their style sheet from the gateway, and nothing else from anywhere. */
const CONTENT_SECURITY =
  "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** What describes the gateway's interfaces, for people and for programs. It tells nothing of any ticket, so it needs no token. */
@Controller()
export class DocsController {
  /** Made for the first request: a gateway starts sooner, and most are never asked. */
  private documents: Documents | null = null;

  constructor(private readonly settings: GatewaySettings) {}

  @Get(PATHS)
  read(@Req() request: IncomingMessage, @Res() response: ServerResponse): void {
    this.requireDocuments();
    this.documents ??= new Documents(programVersion());
    const found = this.documents.at(pathOf(request), request.headers.accept);
    if (found === null) {
      throw new NotFoundException(`Cannot GET /docs`); // As for any path at which nothing is served.
    }
    const { type, body, tag } = found;
    response.setHeader('content-security-policy', CONTENT_SECURITY);
    response.setHeader('vary', 'Origin, Accept');
    response.setHeader('cache-control', 'no-cache').setHeader('etag', tag);
    if (request.headers['if-none-match'] === tag) {
      response.writeHead(304).end();
    } else {
      response.writeHead(200, { 'content-type': type, 'content-length': body.length }).end(body);
    }
  }

  @Options(PATHS)
  @HttpCode(204)
  options(@Res({ passthrough: true }) response: ServerResponse): void {
    this.requireDocuments();
    response.setHeader('allow', METHODS);
  }

  @All(PATHS)
  refuseMethod(@Res({ passthrough: true }) response: ServerResponse): never {
    this.requireDocuments();
    response.setHeader('allow', METHODS);
    throw new MethodNotAllowedException('only GET is served here');
  }

  private requireDocuments(): void {
    if (this.settings.docs !== 'on') {
      throw new NotFoundException(`Cannot GET /docs`);
    }
  }
}
